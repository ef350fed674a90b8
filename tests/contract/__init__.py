"""What each adapter and each stand-in promises, over real sockets and through the real client libraries.

| file | what it is |
|---|---|
| `adapters.py` | places that the adapters of Google's services can be pointed at, each over a real socket |
| `standin.py` | the stand-in of Google Cloud with the real client libraries connected to it |
| `test_audit_command.py` | `verifier audit`, from its words to its exit code, over the stand-in and over files |
| `test_audit_trail.py` | the audit trail over gRPC: an entry is written whole, and once |
| `test_billing.py` | whose quota pays for a call, and that it is made all the same while nobody may say so |
| `test_build_history.py` | the builds of the past over the stand-in |
| `test_cloud_build.py` | Cloud Build over gRPC: a build is the same, whichever of its two dialects it comes in |
| `test_cloud_logging.py` | Cloud Logging over gRPC: entries are read whole, in order and in time |
| `test_cloud_run.py` | Cloud Run over gRPC: an execution is started once, found again, and read for what it is |
| `test_credentials.py` | one set of credentials a process, had in time, and what it means when they can't be |
| `test_firestore_queries.py` | every query of the ledger has an index that is there |
| `test_google.py` | every call to Google Cloud: one try, in time, and our own errors |
| `test_job_history.py` | what ran when, as Cloud Run lists it: over gRPC, tied to builds by digest |
| `test_job_ledger.py` | what `verifier status` reads of a ledger, on both storages |
| `test_ledger.py` | the rules by which invocations share a record, on both storages |
| `test_log_query.py` | the query for an execution's logs, as the server takes it |
| `test_plain_calls.py` | calls in plain messages: on the wire they are what the generated client would have sent |
| `test_push.py` | the pusher against an endpoint over real HTTP |
| `test_slack.py` | our Slack adapters, through Slack's own client, against the stand-in over a socket |
| `test_slack_standin.py` | what Slack's stand-in takes and refuses, asked over plain HTTP as any client could |
| `test_sqlite.py` | several processes at one SQLite file, and clear words when it cannot serve |
| `test_standin_builds.py` | the stand-in's Cloud Build, seen through the real client library |
| `test_standin_faults.py` | scripted trouble on the wire, and what the server does with calls that it does not know |
| `test_standin_jobs.py` | the stand-in's Cloud Run jobs, seen through the real client library |
| `test_standin_logging_filter.py` | the Logging query language of the stand-in |
| `test_standin_logs.py` | the stand-in's Cloud Logging, seen through the real client library |
| `test_standin_scheduler.py` | jobs that the stand-in's scheduler runs, and what tells of them |
| `test_storage.py` | Cloud Storage over HTTP: exactly the file that was built is read, or it is said why not |
| `test_store.py` | what every storage of the ledger promises, on SQLite and on the real Firestore emulator |
| `test_submitters.py` | who submitted a build, from Cloud Audit Logs: few reads, and never a guess |
| `test_verdict_topic.py` | verdicts on a Pub/Sub topic: what is published is what a subscriber pulls |
| `tls.py` | a certificate for servers on localhost, made anew for each run |
| `test_logs_command.py` | `verifier logs --job` over the stand-in's logs |
| `test_triggers.py` | what is read of a trigger, and its refusals |
"""
