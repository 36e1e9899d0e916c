#!/bin/sh
# Entry point of the image: web, worker, beat, migrations, or any other command.
set -eu
case "${1:-web}" in
    web)
        exec gunicorn config.wsgi --bind "0.0.0.0:${PORT_WEB:-8000}" \
            --workers "${WEB_CONCURRENCY:-3}" --threads "${WEB_THREADS:-4}" \
            --worker-tmp-dir /dev/shm --no-control-socket \
            --max-requests 2000 --max-requests-jitter 200 \
            --timeout 90 --graceful-timeout 30 --forwarded-allow-ips '*' --log-level warning
        ;;
    worker)
        exec celery -A config.celery worker --concurrency "${WORKER_CONCURRENCY:-2}" \
            --max-tasks-per-child 200 --without-gossip --without-mingle --loglevel WARNING
        ;;
    beat)
        # Its schedule is only a memory of the last tick: what is due is in the database.
        exec celery -A config.celery beat --schedule /tmp/beat --loglevel WARNING
        ;;
    migrations)
        python manage.py migrate --noinput
        exec python deploiement/droits.py
        ;;
    *)
        exec "$@"
        ;;
esac
