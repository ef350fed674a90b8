"""What tools in a script say when they fail and the script goes on, and what prose says where there is no level."""

from __future__ import annotations

from verifier.facts.logs.row import RuleRow

_AGAIN = (
    r"(?i)\bretr(?:y|ies|ied|ying)\b|will try|trying again|attempt \d+|fall(?:ing)? ?back|fell back|recovered"
    r"|ignor(?:ed|ing)"
    r"|\bskipp(?:ed|ing)\b|using (?:default|the default|cached|built)|optional|not fatal|non-fatal|harmless|as expected"
    r"|\bif (?:it|this|the|any)\b|should not|must not|to avoid|in case|deprecat"
    r"|^\s*[✓✔√]|\.\.\. ok$|: File exists$|^(?:/\S*/)?(?:rm|rmdir|unlink|kill|umount|ls|stat|which|test"
    r"|find): cannot |^\s*[*+>#-]+ "
    r"|\busage: |--\w"
)
"""What turns a failure in prose into a story with a good end, into advice, a test's name or a clean-up's remark."""

_UNDONE = _AGAIN.replace(r"|\bskipp(?:ed|ing)\b", "").replace(r"|ignor(?:ed|ing)", "") + (
    r"|already|unchanged|up.to.date|exists|disabled|dry.?run|no changes|nothing to|by policy|not (?:needed|required"
    r"|changed|modified"
    r"|supported|implemented|used|enabled|affected|cached|installed|specified|provided|defined|included|configured"
    r"|selected)"
)

TOOLS = (
    RuleRow(
        "shell-not-found",
        r": (?:command )?not found$|: (?:cannot execute|Exec format error|Text file busy|Argument list too long)",
        "bash, dash, zsh, busybox",
        "run.sh: line 4: migrate-db: command not found",
        "the key was not found",
        unless=r"(?i)^(?:[^:]* )?(?:file|key|page|cache|user|config|record|entry|item|object|module|package|http"
        r"|404)\b[^:]*:"
        r" not found$|\b404\b",
        over_warning=False,
    ),
    RuleRow(
        "shell-script",
        r": unbound variable$|: parameter (?:null or )?not set$|syntax error near unexpected token|: bad substitution$"
        r"|: ambiguous redirect$|: division by 0|: integer expression expected$|: value too great for base"
        r"|: unexpected end of file$|: event not found$|: Syntax error: |: (?:unrecognized|invalid|illegal"
        r"|unknown) option ",
        "bash, dash",
        "run.sh: line 2: DATABASE_URL: unbound variable",
        "no unbound variable is left in it",
    ),
    RuleRow(
        "killed-child",
        r"(?:^|\s)(?:Segmentation fault|Bus error|Floating point exception|Illegal instruction|Trace/breakpoint trap)"
        r"(?:\s|$)|\(core dumped\)|: line \d+:\s+\d+ (?:Killed|Aborted|Terminated)\b|^(?:Killed|Aborted)$",
        "bash, the kernel's signals",
        "run.sh: line 1: 29441 Segmentation fault      ./resize",
        "the segmentation faults are gone",
    ),
    RuleRow(
        "file-tool",
        r"^(?:jq|yq|date|expr|bc|cut|tr|printf|seq|timeout|sha1sum|mkdir|cp|mv|cat|ls|ln|tar|gzip|gunzip|unzip|zip"
        r"|head|tail|sort|grep|sed|awk|find|dd|rsync|source|chmod|chown|touch|tee|wc"
        r"|install|stat|du|df|mount|umount|diff|split|xargs|base64|openssl|realpath|readlink|cmp|od|xz|bzip2|zstd"
        r"|sha256sum|md5sum)"
        r": .*(?:No such file or directory|Permission denied|cannot |can't |Is a directory|Not a directory"
        r"|not in gzip format"
        r"|unexpected end|Unexpected EOF|Error|error|failed|No space left|Read-only file system|missing operand"
        r"|invalid )"
        r"|^\S+: (?:line \d+: |\d+: )?(?:.*: )?(?:No such file or directory|Permission denied|Is a directory)$"
        r"|computed checksums? did NOT match|^sed: -e expression",
        "coreutils, busybox, tar, rsync, and the shell itself",
        "cp: cannot stat '/models/current.bin': No such file or directory",
        "rm: cannot remove '/tmp/old': No such file or directory",
        unless=r"^(?:/\S*/)?(?:rm|rmdir|unlink|kill|find|stat|test|which|umount): |^ls: cannot access|File exists$",
    ),
    RuleRow(
        "no-room",
        r"No space left on device|Disk quota exceeded|Cannot allocate memory|Read-only file system|Too many open files"
        r"|Out of memory: Killed process|oom-kill:",
        "the kernel's errors (errno)",
        "write error: No space left on device",
        "there is no space problem",
        over_warning=False,
    ),
    RuleRow(
        "network-tool",
        r"^curl: \(\d+\) |^wget: |^(?:ssh|scp|sftp|nc|telnet|ping): .*(?:connect|resolve|refused|timed out"
        r"|unreachable|denied)"
        r"|^ssh: connect to host |: Temporary failure in name resolution|^Could not resolve host"
        r"|Name or service not known$"
        r"|^--\d{4}-.* ERROR \d{3}:|^.*ERROR \d{3}: ",
        "curl, wget, OpenSSH, the resolver",
        "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
        "curl 8.5.0 (x86_64-pc-linux-gnu)",
        unless=_AGAIN,
    ),
    RuleRow(
        "git",
        r"^fatal: \S|^error: (?:pathspec|failed to push|src refspec|Your local changes|RPC failed|could not|cannot"
        r"|unable)"
        r"|^! \[(?:remote )?rejected\]",
        "git",
        "fatal: not a git repository (or any of the parent directories): .git",
        "Switched to a new branch 'fatal'",
    ),
    RuleRow(
        "database-client",
        r"^psql: (?:error|FATAL|could not)|^(?:psql:\S+:\d+: )?(?:ERROR|FATAL|PANIC):  |^pg_(?:dump"
        r"|restore)\w*: error: "
        r"|^ERROR \d{4} \(\w{5}\)|^mysql\w*: (?:\[ERROR\]|Got error|Error)|^(?:Parse|Runtime) error (?:near|in|at) line"
        r"|^Error: (?:near|in|stepping|unable to open database)|^Could not connect to Redis|^\(error\) [A-Z]+ "
        r"|^MongoServerError"
        r"|^MongoNetworkError|^ORA-\d{5}: |^SP2-\d{4}: |^Msg \d+, Level 1[1-9], State |connection to server (?:at"
        r"|on) .+ failed: "
        r"|^could not connect to server: |SQLSTATE\[\w+\]|SQL0\d{3}N",
        "psql, mysql, sqlite3, redis-cli, mongosh, sqlplus, sqlcmd",
        'psql:migrate.sql:3: ERROR:  relation "jobs" does not exist',
        'NOTICE:  table "errors" does not exist, skipping',
    ),
    RuleRow(
        "cloud-tool",
        r"^(?:CommandException|BadRequestException|AccessDeniedException|ServiceException|ResumableUploadException): "
        r"|^An error occurred \(\w+\) when calling|^Error from server|^The connection to the server .+ was refused"
        r"|^Error response from daemon|^ERROR: \(gcloud\.|^BigQuery error in |^fatal error: An error occurred"
        r"|^upload failed: |^download failed: |^│ Error: |^Error: (?:INSTALLATION|UPGRADE) FAILED"
        r"|^gsutil: .*(?:error|Exception)",
        "gsutil, gcloud, bq, aws, kubectl, docker, helm, terraform",
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
        "no error occurred when calling it",
    ),
    RuleRow(
        "build-tool",
        r"^make(?:\[\d+\])?: \*\*\* |^npm ERR! |^error Command failed with |ELIFECYCLE|^BUILD FAILED"
        r"|^FAILURE: Build failed"
        r"|^\[ERROR\] BUILD FAILURE|^error\[E\d{4}\]: |^error: could not compile|: error TS\d+: |^ERR_PNPM_"
        r"|: fatal error: .* No such file",
        "make, npm, yarn, pnpm, gradle, maven, cargo, tsc, gcc",
        "make: *** [Makefile:3: migrate] Error 1",
        "make: Nothing to be done for 'all'.",
    ),
    RuleRow(
        "test-runner",
        r"^=+ .*\b[1-9]\d* (?:failed|errors?)\b.*=+$|^(?:FAILED|ERROR) \S+::|^FAILED \(|^--- FAIL: |^FAIL[\t ]+\S"
        r"|^FAIL$"
        r"|^Tests?: .*\b[1-9]\d* failed|^Test Suites: .*\b[1-9]\d* failed|^\s+[1-9]\d* failing$|^test result: FAILED"
        r"|\b[1-9]\d* examples?, [1-9]\d* failures?|^FAILURES!|^ERRORS!|Tests run: \d+, (?:Failures: [1-9]"
        r"|Failures: \d+, Errors: [1-9])"
        r"|^\s*✕ |^not ok \d+|\.\.\. ?(?:FAILED|FAIL|ERROR)\b|\S(?:\s\s+|: )(?:FAILED|FAIL|CRASHED)$",
        "pytest, unittest, go test, jest, mocha, cargo test, rspec, PHPUnit, JUnit, TAP",
        "--- FAIL: TestUpload (0.00s)",
        "Tests run: 10, Failures: 0, Errors: 0, Skipped: 1",
        unless=r"# (?:TODO|SKIP)",
    ),
    RuleRow(
        "ansible",
        r"^(?:fatal|failed): \[.+\]: ?(?:FAILED|UNREACHABLE)!|\b(?:failed|unreachable)=[1-9]\d*\s+\w+=\d"
        r"|\bunreachable=[1-9]",
        "Ansible",
        "localhost : ok=3 changed=1 unreachable=0 failed=1 skipped=0",
        "localhost : ok=3 changed=1 unreachable=0 failed=0 skipped=0",
    ),
    RuleRow(
        "alembic-django",
        r"^FAILED: |^CommandError: |^django\.\S+: |^SystemCheckError|^Internal Server Error: /",
        "Alembic, Django",
        "FAILED: Can't locate revision identified by 'zzz'",
        "FAILED jobs: 0",
    ),
    RuleRow(
        "argument-parser",
        r"^[\w.-]+(?: [\w-]+)?: error: ",
        "Python's argparse, git, clang",
        "worker: error: the following arguments are required: --tenant",
        "worker: error handling is on",
    ),
    RuleRow(
        "web-server",
        r"\[(?:emerg|alert|crit)\] \d+#\d+: |no live upstreams while connecting",
        "nginx",
        "2026/11/28 04:06:31 [emerg] 1#1: bind() to 0.0.0.0:80 failed (13: Permission denied)",
        "[notice] 1#1: signal process started",
    ),
)

PROSE = (
    RuleRow(
        "failed-to",
        r"(?i)^[^\"'`{=]*\b(?:(?:failed|unable|not able) to|failure to|could not|couldn't) [a-z]"
        r"|^(?:[\d:.,TZ/\[\] +-]+)?(?:cannot|can't) [a-z]",
        "how people write it: the verb, and what was not done",
        "2026/11/28 04:06:09 failed to process order 17: connection refused",
        "attempt 1 failed to connect, retrying",
        unless=_AGAIN + r"|\bwhat (?:could not|couldn't)\b",
        over_warning=False,
    ),
    RuleRow(
        "could-not",
        r"(?i)^[^\"'`{=]*\b(?:cannot|can't|did not|didn't) [a-z][^:]*: \S",
        "how people write it: what was not done, a colon, and why",
        "cannot parse row 7: no such column",
        "cannot find a cache: building it, optional",
        unless=_AGAIN,
        over_warning=False,
    ),
    RuleRow(
        "failed-because",
        r"(?i)^[^\"'`{=]*\b(?:failed|failure|crashed|aborted|gave up|giving up|timed out)(?: with| after| because"
        r"| due to| for| on"
        r"| at| in|: |; | - |!)[ :]?\S",
        "how people write it: what failed, and why",
        "upload to gs://bucket/x failed after 5 attempts",
        "0 failed after the fix",
        unless=_AGAIN + r"|\b(?:0|no|none|never|not) (?:[\w-]+ ){0,2}(?:failed|failures?|crashed|aborted|timed out)\b"
        r"|(?i:failed): 0\b|\bpassed\b|\bfailure(?:s)?[: ]+0\b",
        over_warning=False,
    ),
    RuleRow(
        "error-word",
        r"(?i)^[^\"'`{=]*\b(?:error|exception|fatal)(?: while| when| during| in| on| at| from| processing| reading"
        r"| writing"
        r"| loading| occurred| code|:) \S",
        "how people write it: the word, and what it was about",
        "worker 3: error while reading shard 7",
        "0 errors while reading",
        unless=_AGAIN
        + r"|(?i)\b(?:no|0|zero|without|any|handle|on|standard|of|test|tests|fix|fixed|the last) (?:[\w-]+ )?"
        r"(?:error|exception)\b|(?i)(?:error|exception|errors)(?: code)?:? ?(?:0\b|code = OK|none|null|false|\[\]|\{\})"
        r"|[?&/.]error|"
        r"(?i)\berror (?:rate|handling|handler|budget|page|count)",
        over_warning=False,
    ),
    RuleRow(
        "failed-sign",
        r"^[\s\d:.TZ-]{0,40}(?:❌|✖|✗|🔥|💥|⛔|🛑|🚨) *\S",
        "signs that people print before a failure",
        "❌ upload to gs://bucket/x",
        "✅ upload to gs://bucket/x",
        over_warning=False,
    ),
    RuleRow(
        "result-says-failed",
        r"(?i)[\"'](?:status|state|result|outcome|verdict)[\"']: ?[\"'](?:failed|failure|error|errored|fatal"
        r"|crashed)[\"']"
        r"|[\"'](?:success|succeeded|ok)[\"']: ?false\b|[\"'](?:failed|failures|errors|error_count"
        r"|failed_count)[\"']: ?[1-9]"
        r"|\b(?:failed|errors|failures|rejected)=[1-9]|^\s*(?:failed|errors|failures): ?[1-9]|[,;(] ?(?:failed"
        r"|errors|failures): ?[1-9]"
        r"|\b[1-9]\d* (?:of|out of) \d+ \w+ (?:\w+ )?(?:failed|could not be|were not|was not|lost|rejected)",
        "a result that a worker prints, as JSON or as words",
        '{"status": "failed", "processed": 0, "failed": 40}',
        '{"status": "ok", "failed": 0}',
        unless=r"(?i)expected failures?|xfail",
        over_warning=False,
    ),
    RuleRow(
        "not-done",
        r"(?i)^[^\"'`{=]*\b(?:skipped|dropped|lost|rejected|discarded|refused|not (?:\w+ed|sent|written|built|made"
        r"|done|read|kept|put))"
        r": [^\d\s]",
        "how people write it: what was not done, a colon, and why",
        "order 17 not shipped: no tenant",
        "3 rows skipped: 0",
        unless=_UNDONE,
        over_warning=False,
    ),
    RuleRow(
        "ends-in-errno",
        r"(?i): (?:permission denied|connection refused|no such file or directory|no such host|i/o timeout"
        r"|context deadline exceeded"
        r"|broken pipe|connection reset by peer|no route to host|network is unreachable|unexpected eof"
        r"|input/output error"
        r"|address already in use|operation not permitted|access denied|operation timed out|connection timed out)\.?$"
        r"|\bconnection refused\.?$|(?i)\b(?:unexpected|bad|got|returned) (?:http )?(?:status"
        r"|response)(?: code)?:? ?[45]\d\d\b"
        r"|\b50[0234] (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout)\b",
        "the system's own words for what went wrong, at a line's end, and servers' answers",
        "sync album 4: permission denied",
        "the permission was not denied",
        unless=_AGAIN,
        over_warning=False,
    ),
    RuleRow(
        "not-set",
        r"^[A-Z][A-Z0-9_]{2,60} (?:is not set|is required|must be set|is missing|not set"
        r"|environment variable is not set)"
        r"|^(?:[Mm]issing|[Rr]equired) (?:required )?(?:environment variables?|env vars?|settings?|configuration"
        r"|secrets?)\b[^:]{0,40}: \S",
        "what programs say of their settings before they stop",
        "DATABASE_URL is not set",
        "the flag is not set",
        unless=r"(?i)using|default|skipp|optional|disabled",
        over_warning=False,
    ),
)
