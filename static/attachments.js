// Files of a form: each choice adds to those before, each can be taken away before sending.
// Without this, the browser's own box replaces what was chosen before.

const chosen = new WeakMap(); // input -> its files
const boxOf = (element) => element.closest("[data-attachments]");
const inputOf = (box) => box.querySelector("input[type=file]");

function sizeText(bytes) {
  if (bytes < 1024) return `${bytes}\u00a0bytes`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)}\u00a0KB` : `${(kib / 1024).toFixed(1)}\u00a0MB`;
}

const ending = (name) => (name.includes(".") ? name.split(".").pop().toLowerCase() : "");

// Why a file cannot be attached; the server looks again, and into the content.
function refusal(box, file) {
  const kinds = inputOf(box).accept.split(",");
  if (!kinds.includes(`.${ending(file.name)}`)) {
    return `not attached: ${kinds.map((kind) => kind.slice(1).toUpperCase()).join(", ")} only`;
  }
  if (file.size > Number(box.dataset.largest)) {
    return `not attached: at most ${box.dataset.largestText}`;
  }
  return file.size ? "" : "not attached: it is empty";
}

function row(box, file, why) {
  const item = box.querySelector("template").content.firstElementChild.cloneNode(true);
  const icons = [...item.querySelectorAll("[data-kinds]")];
  const fits = icons.find((icon) => icon.dataset.kinds.split(" ").includes(ending(file.name)));
  for (const icon of icons) if (icon !== (fits || icons[0])) icon.remove();
  item.dataset.new = "";
  item.classList.toggle("is-bad", Boolean(why));
  item.querySelector(".ui-file-name").textContent = file.name;
  item.querySelector(".ui-file-size").textContent =
    why ? `${sizeText(file.size)}, ${why}` : sizeText(file.size);
  item.querySelector("[data-remove]").ariaLabel = `Remove ${file.name}`;
  return item;
}

function show(box) {
  const input = inputOf(box);
  const list = box.querySelector("ul");
  const files = chosen.get(input);
  const sent = new DataTransfer();
  for (const old of list.querySelectorAll("[data-new]")) old.remove();
  let room = Number(box.dataset.most) - list.children.length;
  for (const file of files) {
    let why = refusal(box, file);
    if (!why && room <= 0) why = `not attached: at most ${box.dataset.most}`;
    if (!why) {
      sent.items.add(file);
      room -= 1;
    }
    list.append(row(box, file, why));
  }
  input.files = sent.files;
}

function say(box, text) {
  box.querySelector("[data-attachments-said]").textContent = text;
}

function add(box, files) {
  const input = inputOf(box);
  const before = input.multiple ? chosen.get(input) || [] : [];
  const others = before.filter((old) => !files.some((file) => file.name === old.name));
  chosen.set(input, [...others, ...files]); // the newer one of a name
  if (!input.multiple) for (const kept of box.querySelectorAll("li:not([data-new])")) kept.remove();
  show(box);
  say(box, files.map((file) => {
    const why = refusal(box, file);
    return why ? `${file.name} ${why}` : `${file.name} attached`;
  }).join(". "));
}

function remove(button) {
  const box = boxOf(button);
  const input = inputOf(box);
  const item = button.closest("li");
  const name = item.querySelector(".ui-file-name").textContent;
  const rows = [...box.querySelectorAll("li")];
  const place = rows.indexOf(item);
  if (item.dataset.new === undefined) {
    item.remove();
  } else {
    const fresh = rows.filter((other) => other.dataset.new !== undefined);
    chosen.set(input, chosen.get(input).toSpliced(fresh.indexOf(item), 1));
  }
  if (chosen.has(input)) show(box);
  const left = [...box.querySelectorAll("[data-remove]")];
  (left[Math.min(place, left.length - 1)] || input).focus();
  say(box, `${name} removed`);
}

document.addEventListener("change", (event) => {
  const box = event.target.type === "file" && boxOf(event.target);
  if (box) add(box, [...event.target.files]);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (button && boxOf(button)) remove(button);
});

for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const box = event.target.closest?.("[data-attachments]");
    if (!box || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("is-over", name === "dragover");
    if (name !== "drop") return;
    const files = [...event.dataTransfer.files];
    add(box, inputOf(box).multiple ? files : files.slice(-1));
  });
}
