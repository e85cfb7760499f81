"""How a form's field looks: its widget's class, and what the field's template needs."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

from panel.ui.amounts import TypedNumberField

_PLAIN = "form-control"


def widget_class(widget: forms.Widget) -> str:
    """The class of a control by what it is."""
    match widget:
        case forms.CheckboxInput() | forms.CheckboxSelectMultiple() | forms.RadioSelect():
            return "form-check-input"
        case forms.Select():
            return "form-select"
        case _:
            return _PLAIN


def layout_of(widget: forms.Widget) -> str:
    """Which branch of `ui/field.html` draws it: hidden, tick, choices or plain."""
    match widget:
        case forms.CheckboxSelectMultiple() | forms.RadioSelect():
            return "choices"
        case forms.CheckboxInput():
            return "tick"
        case _ if widget.is_hidden:
            return "hidden"
        case _:
            return "plain"


def field_context(bound: forms.BoundField, options: Mapping[str, object]) -> dict[str, object]:
    """What `ui/field.html` draws. The control is labelled, described, and marked when wrong."""
    widget = bound.field.widget
    layout = layout_of(widget)
    classes = [str(widget.attrs.get("class", "")), widget_class(widget)]
    if bound.errors:
        classes.append("is-invalid")
    if isinstance(bound.field, forms.DecimalField | forms.IntegerField | TypedNumberField):
        classes.append("num")
    attrs: dict[str, object] = {"class": " ".join(filter(None, classes))}
    if options.get("autofocus"):
        attrs["autofocus"] = True
    if isinstance(widget, forms.NumberInput) and isinstance(bound.field, forms.DecimalField):
        # A number control changes the amount when the wheel turns over it.
        widget.input_type = "text"
        attrs |= {"inputmode": "decimal", "autocomplete": "off"}
    return {
        "bound": bound,
        "layout": layout,
        "control": bound.as_widget(attrs=attrs),  # type: ignore[arg-type]
        "label": options.get("label") or bound.label,
        "optional": not bound.field.required and layout == "plain",
        "wide": options.get("wide") or isinstance(widget, forms.Textarea),
        "pair": isinstance(widget, forms.MultiWidget),
        "suffix": options.get("suffix"),
        "prefix": options.get("prefix"),
    }
