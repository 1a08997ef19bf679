# One image for web, worker, beat and migrate; docker-compose.yml says which is which.

FROM node:22-bookworm-slim AS frontend
WORKDIR /app/web/modeler
COPY web/modeler/package.json web/modeler/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web/modeler ./
RUN node build.mjs

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
COPY requirements requirements
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt \
    && python -m venv --without-pip /opt/lianxin \
    && VIRTUAL_ENV=/opt/lianxin /opt/uv/bin/uv pip sync --no-cache --require-hashes requirements/production.txt
COPY pyproject.toml LICENSE ./
COPY engine engine
COPY web web
COPY workers workers
COPY processes processes
# the page of the measures reads both
COPY docs/articles.md docs/measures.txt docs/
# "editable": the code stays in /app, beside processes/
RUN VIRTUAL_ENV=/opt/lianxin /opt/uv/bin/uv pip install --no-cache --no-deps --editable . \
    && /opt/lianxin/bin/python -m compileall -q engine web workers
COPY --from=frontend /app/web/static/dist web/static/dist

FROM python:3.11-slim-bookworm
# papers as PDF: WeasyPrint's libraries; fonts for everyday characters and for CJK Extension B
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        fontconfig fonts-hanazono fonts-noto-cjk libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 lianxin \
    && useradd --uid 10001 --gid lianxin --no-create-home --shell /usr/sbin/nologin lianxin \
    && install --directory --owner lianxin --group lianxin --mode 0750 /var/lib/lianxin
COPY --from=packages /opt/lianxin /opt/lianxin
COPY --from=packages /app /app
WORKDIR /app
ENV PATH=/opt/lianxin/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIANXIN_ENV=production \
    LIANXIN_DATA=/var/lib/lianxin
USER 10001:10001
VOLUME /var/lib/lianxin
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/health'); raise SystemExit(c.getresponse().status >= 500)"]
# the proxy is the only neighbour that reaches this port, so its X-Forwarded-* headers are believed
CMD ["gunicorn", "--config", "python:web.serving", "--bind", "0.0.0.0:8000", "--threads", "4", "--timeout", "60", "--graceful-timeout", "20", \
     "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--forwarded-allow-ips", "*", "web.app:create_app()"]
