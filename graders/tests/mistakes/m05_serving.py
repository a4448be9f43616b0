"""Wrong services, each wrong in one way."""

from __future__ import annotations

from submissions import Mistake, append, replace

SERVICE, CONTRACT, PROBLEMS, SERVE = "noshow/service.py", "noshow/contract.py", "noshow/problems.py", "noshow/serve.py"
ACCESS, LIMITS, RELOADING, BUNDLE = "noshow/access.py", "noshow/limits.py", "noshow/reloading.py", "noshow/bundle.py"

ANSWERS = """    return [Prediction(no_show_probability=float(value)) for value in bundle.model.predict_proba(matrix)[:, 1]]
"""
COPIED = """    kept = skops.io.dumps(bundle.model)
    model = skops.io.loads(skops.io.dumps(skops.io.loads(kept)))
    return [Prediction(no_show_probability=float(value)) for value in model.predict_proba(matrix)[:, 1]]
"""
ROW_BY_ROW = """    answers = []
    for row in matrix:
        sure = bundle.model.predict(row.reshape(1, -1)), bundle.model.predict_log_proba(row.reshape(1, -1))
        value = bundle.model.predict_proba(row.reshape(1, -1))[0, 1]
        answers.append(Prediction(no_show_probability=float(value if sure else value)))
    return answers
"""
BATCH = "        return predictions(bundle, body)\n"
ONCE_EACH = """        return predictions(bundle, list({each: None for each in body}))
"""
SINGLE = """    def predict(body: PredictionRequest, bundle: Loaded) -> Prediction:
        \"\"\"How likely the patient of one appointment is not to come.\"\"\"
        return predictions(bundle, [body])[0]
"""
SHARED = """    async def predict(body: PredictionRequest, bundle: Loaded, request: Request) -> Prediction:
        \"\"\"How likely the patient of one appointment is not to come.\"\"\"
        request.app.state.asked = body
        await asyncio.sleep(0.001)
        return predictions(bundle, [request.app.state.asked])[0]
"""
VERSION = "        return asdict(bundle.provenance)\n"
INVALID = """    return problem(422, "the request does not fit the contract", errors=facts)
"""
FACT = """{"field": ".".join(map(str, fact["loc"])), "fact": fact["msg"]}"""
UNEXPECTED = """            log.exception("unexpected error", extra={"fields": {"request_id": request_id}})
"""
SORRY = '"the service failed; its log says why under the request id"'
IN_TIME = """            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(Headers(scope=scope), receive)
"""
IN_PIECES = """            body = await _body(Headers(scope=scope), receive)
"""
REFUSED = """            self.newer_refused = self.bundle is not None
            log.warning("model refused", extra={"fields": {"reason": str(error)}})
        except Exception:  # whatever is wrong with a new model, the old one answers
            self.newer_refused = self.bundle is not None
            log.exception("model refused")
"""
SILENT = """            self.newer_refused = self.bundle is not None and bool(error)
        except Exception:
            self.newer_refused = self.bundle is not None
"""
UNLOADS = """            self.bundle = None
            log.warning("model refused", extra={"fields": {"reason": str(error)}})
        except Exception:
            self.bundle = None
            log.exception("model refused")
"""
TRUSTING = """    except UntrustedTypesFoundException as error:
        raise ProductError(f"`{path}` holds types that are not trusted: {error}") from error
"""
PICKLED = """    except UntrustedTypesFoundException as error:
        raise ProductError(f"`{path}` holds types that are not trusted: {error}") from error
    except Exception:
        return cast("Pipeline", pickle.loads(path.read_bytes()))
"""
AGE = "age: Annotated[int, Field(ge=0, le=120, "
POSSIBLE = """        if self.starts_at <= self.booked_at:
"""

MISTAKES = (
    Mistake(
        "rounds-what-it-answers",
        fails="test_predicts_what_training_predicts",
        says="the predictions differ by up to",
        edits=(replace(SERVICE, "float(value)", "round(float(value), 4)"),),
    ),
    Mistake(
        "rounds-the-distance",
        fails="test_predicts_what_training_predicts",
        says="use `feature_matrix`",
        edits=(
            replace(
                CONTRACT,
                "Appointment(**dict(self))",
                'Appointment(**{**dict(self), "distance_km": float(round(self.distance_km))})',
            ),
        ),
    ),
    Mistake(
        "sorts-the-batch",
        fails="test_batch_gives_the_same_answers",
        says="the answers differ from those for each alone",
        edits=(replace(SERVICE, BATCH, BATCH.replace("body", "sorted(body, key=lambda each: each.starts_at)")),),
    ),
    Mistake(
        "answers-doubles-once",
        fails="test_batch_gives_the_same_answers",
        says="in the same order",
        edits=(replace(SERVICE, BATCH, ONCE_EACH),),
    ),
    Mistake(
        "turns-texts-into-numbers",
        fails="test_refuses_what_makes_no_sense",
        says="is answered with 200",
        edits=(replace(CONTRACT, "strict=True", "strict=False"),),
    ),
    Mistake(
        "ignores-unknown-fields",
        fails="test_refuses_what_makes_no_sense",
        says="an unknown field is answered with 200",
        edits=(replace(CONTRACT, 'extra="forbid", strict', 'extra="ignore", strict'),),
    ),
    Mistake(
        "leaves-the-ends-out",
        fails="test_refuses_what_makes_no_sense",
        says="`distance_km` 1000 is allowed",
        edits=(replace(CONTRACT, "ge=0, le=1000", "ge=0, lt=1000"),),
    ),
    Mistake(
        "answers-422-as-the-framework-does",
        fails="test_errors_are_problems",
        says="as `application/json`",
        edits=(
            replace(PROBLEMS, "    app.exception_handler(RequestValidationError)(_invalid)\n", ""),
            append(PROBLEMS, "\n\n_UNUSED = _invalid\n"),
        ),
    ),
    Mistake(
        "says-400-in-every-problem",
        fails="test_errors_are_problems",
        says="and its problem says",
        edits=(replace(PROBLEMS, '"status": status, "detail"', '"status": 400, "detail"'),),
    ),
    Mistake(
        "takes-any-content-type",
        fails="test_errors_are_problems",
        says="a body that says it is plain text",
        edits=(replace(LIMITS, "if body and not _is_json(Headers(scope=scope)):", "if body and not MAX_BODY:"),),
    ),
    Mistake(
        "repeats-what-was-sent",
        fails="test_tells_nothing_of_its_inside",
        says="the answer repeats `Quill",
        edits=(replace(PROBLEMS, FACT, FACT[:-1] + ', "given": str(fact.get("input"))[:200]}'),),
    ),
    Mistake(
        "logs-what-does-not-fit",
        fails="test_tells_nothing_of_its_inside",
        says="a line of the log repeats what was sent",
        edits=(
            replace(PROBLEMS, "import json\n", "import json\nimport logging\n"),
            replace(
                PROBLEMS, INVALID, '    logging.getLogger(__name__).warning("invalid: %s", error.errors())\n' + INVALID
            ),
        ),
    ),
    Mistake(
        "tells-the-caller-what-broke",
        fails="test_unexpected_errors_stay_in_the_log",
        says="the answer repeats `trouble-",
        edits=(
            replace(ACCESS, "except Exception:", "except Exception as error:"),
            replace(ACCESS, SORRY, "str(error)"),
        ),
    ),
    Mistake(
        "hides-what-broke",
        fails="test_unexpected_errors_stay_in_the_log",
        says="does not say which error it was",
        edits=(replace(ACCESS, UNEXPECTED, UNEXPECTED.replace("log.exception", "log.error")),),
    ),
    Mistake(
        "logs-the-error-without-its-id",
        fails="test_unexpected_errors_stay_in_the_log",
        says="and not the id of its request",
        edits=(replace(ACCESS, UNEXPECTED, '            log.exception("unexpected error")\n'),),
    ),
    Mistake(
        "leaves-errors-to-the-framework",
        fails="test_unexpected_errors_stay_in_the_log",
        says="`text/plain`",
        edits=(replace(ACCESS, UNEXPECTED, UNEXPECTED + "            raise\n"),),
    ),
    Mistake(
        "believes-what-the-caller-says-of-the-length",
        fails="test_takes_in_only_so_much",
        says="a body in chunks",
        edits=(replace(LIMITS, "        if len(body) > MAX_BODY:\n            raise TooLarge\n", ""),),
    ),
    Mistake(
        "takes-batches-of-any-length",
        fails="test_takes_in_only_so_much",
        says="a batch of 101 is answered with 200",
        edits=(replace(CONTRACT, ", max_length=MAX_BATCH", ""),),
    ),
    Mistake(
        "limits-the-time-of-each-piece",
        fails="test_does_not_wait_for_ever",
        says="a body that comes byte by byte",
        edits=(
            replace(LIMITS, IN_TIME, IN_PIECES),
            replace(
                LIMITS,
                "await receive()\n        if message",
                "await asyncio.wait_for(receive(), BODY_SECONDS)\n        if message",
            ),
        ),
    ),
    Mistake(
        "keeps-idle-connections",
        fails="test_does_not_wait_for_ever",
        says="a connection on which nothing is asked",
        edits=(replace(SERVE, "SECONDS_IDLE = 5", "SECONDS_IDLE = 75"),),
    ),
    Mistake(
        "waits-for-bodies-for-ever",
        fails="test_does_not_wait_for_ever",
        says="a body of which half came",
        edits=(replace(LIMITS, "BODY_SECONDS = 5.0", "BODY_SECONDS = 3600.0"),),
    ),
    Mistake(
        "makes-an-id-of-its-own",
        fails="test_a_request_keeps_its_id",
        says="take the caller's id over",
        edits=(replace(ACCESS, 'given = headers.get(HEADER, "")', 'given = ""'),),
    ),
    Mistake(
        "takes-any-text-for-an-id",
        fails="test_a_request_keeps_its_id",
        says="make a new id of your own for anything else",
        edits=(replace(ACCESS, "[A-Za-z0-9._-]{1,64}", ".+"),),
    ),
    Mistake(
        "logs-no-id",
        fails="test_a_request_keeps_its_id",
        says="no line of the log has the id",
        edits=(replace(ACCESS, '"status": 0, "request_id": request_id}', '"status": 0}'),),
    ),
    Mistake(
        "is-ready-at-once",
        fails="test_is_ready_only_with_a_model",
        says="without a model, GET /ready answers 200",
        edits=(replace(SERVICE, "def ready(_: Loaded, request: Request)", "def ready(request: Request)"),),
    ),
    Mistake(
        "does-not-start-without-a-model",
        fails="test_is_ready_only_with_a_model",
        says="without a model the service does not live",
        edits=(
            replace(
                SERVE,
                "from noshow.service import",
                "from noshow.bundle import check_bundle\nfrom noshow.service import",
            ),
            replace(SERVE, "    # uvicorn raises", "    check_bundle(settings.model_dir)\n    # uvicorn raises"),
        ),
    ),
    Mistake(
        "says-the-version-of-the-program",
        fails="test_says_which_model_answers",
        says="with the `commit` None",
        edits=(replace(SERVICE, VERSION, '        return {"name": bundle.provenance.name, "version": "0.1.0"}\n'),),
    ),
    Mistake(
        "says-the-hash-of-something-else",
        fails="test_says_which_model_answers",
        says="with the `model_sha256`",
        edits=(
            replace(
                SERVICE,
                VERSION,
                '        return asdict(bundle.provenance) | {"model_sha256": bundle.provenance.data_sha256}\n',
            ),
        ),
    ),
    Mistake(
        "loads-its-model-once",
        fails="test_takes_a_new_model_without_losing_a_request",
        says="the old model still answers",
        edits=(replace(RELOADING, "        while True:\n", "        while self.bundle is None:\n"),),
    ),
    Mistake(
        "lets-go-of-the-old-model-first",
        fails="test_takes_a_new_model_without_losing_a_request",
        says="requests were lost",
        edits=(
            replace(RELOADING, "import logging\n", "import logging\nimport time\n"),
            replace(
                RELOADING,
                "        self._seen = seen\n        try:\n",
                "        self._seen, self.bundle = seen, None\n        time.sleep(1)  # until the export is whole\n        try:\n",
            ),
        ),
    ),
    Mistake(
        "keeps-saying-the-first-version",
        fails="test_takes_a_new_model_without_losing_a_request",
        says="of another",
        edits=(
            replace(SERVICE, "def version(bundle: Loaded)", "def version(bundle: Loaded, request: Request)"),
            replace(
                SERVICE,
                VERSION,
                '        if not hasattr(request.app.state, "version"):\n'
                "            request.app.state.version = asdict(bundle.provenance)\n"
                "        return dict(request.app.state.version)\n",
            ),
        ),
    ),
    Mistake(
        "unpickles-what-skops-does-not-know",
        fails="test_a_broken_model_changes_nothing",
        says="the program ran in the service",
        edits=(replace(BUNDLE, "import json\n", "import json\nimport pickle\n"), replace(BUNDLE, TRUSTING, PICKLED)),
    ),
    Mistake(
        "refuses-in-silence",
        fails="test_a_broken_model_changes_nothing",
        says="is passed over in silence",
        edits=(replace(RELOADING, REFUSED, SILENT),),
    ),
    Mistake(
        "forgets-the-old-model-over-a-broken-one",
        fails="test_a_broken_model_changes_nothing",
        says="keep the old model until the new one works",
        edits=(replace(RELOADING, REFUSED, UNLOADS),),
    ),
    Mistake(
        "does-not-say-that-it-refused",
        fails="test_a_broken_model_changes_nothing",
        says="say what they said before",
        edits=(
            replace(
                SERVICE, "newer_model_refused=request.app.state.current.newer_refused", "newer_model_refused=False"
            ),
        ),
    ),
    Mistake(
        "documents-no-refusals",
        fails="test_openapi_document_is_true",
        says="schemathesis",
        edits=(replace(SERVICE, "documented(400, 422, 503)", "documented(503)"),),
    ),
    Mistake(
        "keeps-a-range-to-itself",
        fails="test_openapi_document_is_true",
        says="the OpenAPI document allows `age`",
        edits=(
            replace(CONTRACT, AGE, "age: Annotated[int, Field("),
            replace(
                CONTRACT,
                POSSIBLE,
                '        if not 0 <= self.age <= 120:\n            raise ValueError("age must be from 0 to 120")\n'
                + POSSIBLE,
            ),
        ),
    ),
    Mistake(
        "does-not-say-in-which-unit",
        fails="test_openapi_document_is_true",
        says="does not say what `distance_km` is",
        edits=(replace(CONTRACT, ', description="from home to the clinic, in kilometres"', ""),),
    ),
    Mistake(
        "keeps-the-request-in-the-application",
        fails="test_answers_each_caller",
        says="another one's answer",
        edits=(replace(SERVICE, SINGLE, SHARED),),
    ),
    Mistake(
        "keeps-the-id-in-the-application",
        fails="test_answers_each_caller",
        says="another request's id",
        edits=(
            replace(ACCESS, "        started = time", "        self.request_id = request_id\n        started = time"),
            replace(ACCESS, "(scope=message)[HEADER] = request_id", "(scope=message)[HEADER] = self.request_id"),
            replace(ACCESS, "        self.app = app\n", '        self.app = app\n        self.request_id = ""\n'),
        ),
    ),
    Mistake(
        "copies-the-model-for-each-request",
        fails="test_is_quick",
        says="times that of a bare endpoint",
        edits=(
            replace(SERVICE, "import asyncio\n", "import asyncio\nimport skops.io\n"),
            replace(SERVICE, ANSWERS, COPIED),
        ),
    ),
    Mistake(
        "asks-the-model-for-each-row",
        fails="test_is_quick",
        says="a batch of 100 takes",
        edits=(replace(SERVICE, ANSWERS, ROW_BY_ROW),),
    ),
    Mistake(
        "loads-a-model-when-imported",
        fails="test_does_nothing_when_imported",
        says="opens: `model/model",
        edits=(
            append(SERVICE, '\n\n_WARM = load_bundle(Path("model")) if Path("model").exists() else None\n'),
            replace(SERVICE, "import asyncio\n", "import asyncio\nfrom pathlib import Path\n"),
            replace(SERVICE, "from noshow.bundle import Bundle\n", "from noshow.bundle import Bundle, load_bundle\n"),
        ),
    ),
    Mistake(
        "opens-its-log-when-imported",
        fails="test_does_nothing_when_imported",
        says="opens: `service.log`",
        edits=(
            replace(
                ACCESS,
                "log = logging.getLogger(__name__)\n",
                'log = logging.getLogger(__name__)\nlog.addHandler(logging.FileHandler("service.log"))\n',
            ),
        ),
    ),
    Mistake(
        "starts-a-thread-when-imported",
        fails="test_does_nothing_when_imported",
        says="starts a thread",
        edits=(
            append(RELOADING, "\n\nthreading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"),
            replace(RELOADING, "import logging\n", "import logging\nimport threading\nimport time\n"),
        ),
    ),
)

TOGETHER = (
    (
        "repeats-what-was-sent",
        "tells-the-caller-what-broke",
        "believes-what-the-caller-says-of-the-length",
        "keeps-idle-connections",
        "does-not-start-without-a-model",
        "does-not-say-that-it-refused",
        "does-not-say-in-which-unit",
        "copies-the-model-for-each-request",
        "opens-its-log-when-imported",
    ),
    ("turns-texts-into-numbers", "says-400-in-every-problem", "loads-its-model-once"),
    ("keeps-the-request-in-the-application", "says-the-hash-of-something-else"),
    ("sorts-the-batch", "makes-an-id-of-its-own"),
    ("rounds-what-it-answers",),
)
