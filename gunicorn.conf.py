"""The server's settings, with the reason beside each. Used by `python main.py serve` and by gunicorn itself:

gunicorn -c gunicorn.conf.py "main:create_app()"
"""

import os
import signal
import threading
from typing import Any

from config import Settings
from logs import set_up_logs

_settings = Settings.from_env()

bind = f"{_settings.host}:{_settings.port}"

# One process with many threads: the Discord bot must run exactly once, and waiting costs no CPU time.
workers = 1
worker_class = "gthread"

# A thread for each request that may be held, each stream and each socket that may be open, and some that
# /health and the pages always find free.
# Threads are made when they are needed: a surplus is free, a shortage costs a whole hold.
threads = _settings.max_in_flight + _settings.max_streams + _settings.max_sockets + 40

# Above `threads`, or keep-alive is switched off and closing connections stalls the worker's main thread.
worker_connections = 2 * threads + 1000
keepalive = 75

# For gthread this is the worker's sign of life, not a limit on a request.
timeout = 60

# Longer than the longest request that may be held, so that a restart cuts no story short.
graceful_timeout = int(_settings.request_timeout_max) + 10

# No preload: threads that are started before the fork live in no worker.
preload_app = False

# Requests are logged by the application, with their ids.
accesslog = None
loglevel = "warning"


def _stay_on_one_core() -> None:
    """Python runs one thread at a time, and threads on several cores fight over its lock.

    Measured with 200 requests held on two cores: 7.2 ms of CPU time a request instead of 10.2, and a median
    of 27 ms added instead of 150. With 2,000 held it is the other way round: there one core is not enough.
    """
    if _settings.one_core and _settings.max_in_flight <= 1000 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def post_fork(_server: Any, _worker: Any) -> None:
    set_up_logs(level=_settings.log_level, form=_settings.log_format, secrets=_settings.secrets())
    _stay_on_one_core()


def post_worker_init(worker: Any) -> None:
    service = worker.wsgi.extensions["storyfarm"]
    service.start()

    def stop_gracefully(number: int, frame: Any) -> None:
        # Requests are waited for, but streams of events would last for ever; their clients come back.
        threading.Thread(target=service.end_streams, daemon=True).start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, stop_gracefully)


def worker_exit(_server: Any, worker: Any) -> None:
    if worker.wsgi is not None:
        worker.wsgi.extensions["storyfarm"].stop()
