# One image for web, worker, beat and migrations: deploiement/entree.sh says what each runs.

FROM python:3.13-slim-bookworm AS bibliotheques
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --require-hashes -r requirements.txt

FROM python:3.13-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mutualisation
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    XDG_CACHE_HOME=/tmp
WORKDIR /app
COPY --from=bibliotheques /opt/venv /opt/venv
COPY . .
# The key only lets the command load the settings; it is not kept. Files stay root's: read only for the service.
RUN SECRET_KEY=construction DATABASE_URL=postgres://construction/ \
    python manage.py collectstatic --noinput --verbosity 0
USER mutualisation
EXPOSE 8000
ENTRYPOINT ["deploiement/entree.sh"]
CMD ["web"]
