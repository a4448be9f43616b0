# Packages are installed in a stage of their own: pip's traces stay there.
FROM python:3.13-slim AS packages
COPY requirements/runtime.lock /runtime.lock
# The lock alone: as long as it does not change, this step comes from the cache.
RUN pip install --no-cache-dir --no-compile --require-hashes --prefix=/packages --requirement /runtime.lock

FROM python:3.13-slim AS service
RUN groupadd --gid 10480 triage \
    && useradd --uid 10480 --gid triage --no-create-home --shell /usr/sbin/nologin triage
WORKDIR /srv/triage
COPY --from=packages /packages /usr/local
COPY src/triage ./triage
COPY model ./model
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRIAGE_HOST=0.0.0.0 \
    TRIAGE_PORT=8480
USER 10480:10480
EXPOSE 8480
# Asks the service itself, on the port that it was told to use; urlopen raises, and so exits 1, for every bad answer.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as ask; ask.urlopen('http://127.0.0.1:' + os.environ['TRIAGE_PORT'] + '/readyz', timeout=2)"]
CMD ["python", "-m", "triage", "serve"]
