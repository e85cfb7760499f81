FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 DATA_DIR=/data
WORKDIR /app

COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt

COPY . .
RUN useradd --system --home-dir /app panel && install -d -o panel -g panel /data
USER panel
VOLUME /data
EXPOSE 8000

CMD ["python", "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", \
     "--workers", "2", "--blocking-threads", "8", "panel.wsgi:application"]
