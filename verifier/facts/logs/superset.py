"""What may matter in a line of text: one expression, a cheap superset of every rule, without a backslash.

The server sends what it matches, and the client judges nothing else: so a run is judged the same, whether its entries
come by a query or out of a file. It stays below some thousand characters, because a query has 20,000 at the most.
"""

from __future__ import annotations

_LEVELS = (
    "ERR|EROR|FATA|FTL|CRIT|SEVERE|PANI|EMERG|ALERT|FAIL",
    "(?:^|[^A-Za-z0-9_./-])(?:error|err|eror|fatal|critical|crit|severe|panic|dpanic|alert|emerg|fail)[]:)|>, 	]",
    "[=|](?:error|err|eror|fatal|critical|crit|severe|panic|dpanic|alert|emerg)",
    "^[[]?[EFC][0-9, /]",
    "[]] [[][EFC][]] | [EF]/[^ ]+[(] *[0-9]+[)]: |(?:Critical|Error): [0-9]+ : ",
    "[]]:[[][EF]",
    "[[][EF] [A-Za-z_/]+[.]",
    "[ ,][0-9]+:? [EF] [^ ]+:[0-9]+[]]",
    ",[0-9]+ [EFC] [0-9]+ [0-9]+[]]",
    "^[0-9-]+ [0-9:.]+ +[0-9]+ +[0-9]+ [EF] ",
    "^<[0-3]>",
    "REPORT====",
)

_NAMES = (
    "[Ee]rror(?:[^A-Za-z0-9_./-]|$)",
    "[Ee]xception(?:[^A-Za-z0-9_./-]|$)",
    "[a-z](?:Interrupt|Timeout|Fault)(?:: | [[]|$)",
    "^[ |]*(?:[A-Za-z_][A-Za-z0-9_]*[.])+[A-Z][A-Za-z0-9_]*(?:: |$)",
    "Traceback [(]most recent",
    "(?:Error|Exception)(?:[(][^ ]|[)] |: )|^(?:.*: )?(?:Err|Failure|Left)[(]|^[{]:?error,|^#error |^Timeout [(]",
    (
        "no attribute|positional arg|keyword arg|operand type|NoneType|out of range|to unpack|invalid literal"
        "|t decode byte|Expecting |not a function"
        "|Cannot read prop|not iterable|Unexpected |Cannot invoke|out of bounds|For input string|undefined |nil pointer"
        "|beginning of value"
        "|strconv[.]|::[a-z_]+[(][)]|reference not set|no elements|cannot be null|by zero|junk in|non-numeric"
        "|recursion depth|invalid value"
    ),
    "^(?:NotFound|PermissionDenied|NotCapable|Connection[A-Z]|AddrInUse|BrokenPipe|TimedOut|UnexpectedEof): ",
    (
        "^[^ ]+: (?:Prelude[.]|user error)|^Backtrace:|In procedure|while executing|from within|<level>|level=.(?:ERROR"
        "|FATAL)|in thread |debugger invoked"
    ),
    "exceptions?: |PrismaClient|^P[0-9]+: |code.?: ?.(?:invalid_|unrecognized_keys|too_|not_multiple)",
)

_STACKS = (
    "^[ 	|>]*File .",
    "^[[:space:]]+at ",
    "^[[:space:]]*[.][.][.] [0-9]+ ",
    "^[[:space:]]+from ",
    "^#[0-9]+ ",
    "^goroutine ",
    "[.]go:[0-9]+",
    "^[A-Za-z0-9_./*()-]+[(][^ ]*[)]$",
    "^[a-z0-9_./-]+[.][A-Za-z0-9_.*()]+$",
    "^[[:space:]]*--->",
    "^Stack trace:|thrown in ",
    "the direct cause of|During handling of|Previous line repeated",
    "cause[]]: ",
)

_CRASHES = (
    (
        "[Mm]apper|have a property|primaryjoin|foreign key|Foreign ?Key|join condition|relationship|Multiple classes"
        "|already defined for"
        "|does not have a __|is reserved|back_populates|back-reference|everse_property|backref|is not mapped"
        "|Type annotation"
    ),
    "never awaited|is pending|never retrieved|Logging error|No module named|open file|validation error",
    "does not exist|duplicate key|violates |[Dd]eadlock|denied for|authentication failed",
    "[Uu]nhandled|Uncaught|UNHANDLED|heap out of memory|Allocation failed|Invalid .*invocation",
    "Caused by|Wrapped by|fatal error|Terminating due|load main class|access jarfile|FAILED TO START|Execution error",
    "panic: |panic serving|goroutine stack|SIG[A-Z]+: |rpc error|data race|DATA RACE",
    (
        "terminated with|:in [^ ]+.*[(][A-Z]|[[]BUG|[Pp]anicked|overflowed its|memory allocation|Process terminated"
        "|Stack overflow"
    ),
    (
        "terminate called|terminating|double free|corrupted size|smashing|malloc[(]|free[(]|munmap|Assertion|Sanitizer"
        "|CUDA"
    ),
    "[.]ps1:[0-9]+$|^[A-Z][a-z]+-[A-Z][A-Za-z]+ ?: |FullyQualifiedErrorId|is not recognized as",
    "^[*][*] [(]|raised an|Crash dump|terminating|DBD::|DBI |subroutine|Compilation failed|BEGIN failed|Global symbol",
    (
        "division by zero|Died |locate |t call method|t use |Execution halted|simpleError|rlang_error|stack traceback"
        "|LoadError"
        "|<<loop>>|CallStack|attempt to |^lua|^! |^thread "
    ),
)

_TOOLS = (
    (
        "not found$|cannot |Exec format|file busy|list too long|unbound variable|not set|unexpected|bad substitution"
        "|redirect$"
        "|division by|expression expected|too great for"
    ),
    "Segmentation|Bus error|Floating point exc|Illegal inst|breakpoint trap|core dumped|Killed|Aborted|Terminated",
    (
        "No such file|ermission denied|Is a directory|Not a directory|gzip format|No space left|Read-only file|operand"
        "|invalid "
    ),
    "quota exceeded|Cannot allocate|Too many open|Out of memory|oom-kill",
    "^curl: |^wget: |^ssh|^scp|^sftp|^nc: |^telnet: |^ping: |name resolution|ot resolve|service not known",
    "^fatal|rejected[]]|^psql|^pg_|^mysql|Redis|Mongo|ORA-|SP2-|, Level 1|SQLSTATE|SQL0|to server",
    "CommandException|An error occurred|The connection to|[*][*][*] |ELIFECYCLE|BUILD FAIL|ERR_PNPM|could not compile",
    (
        "[1-9] failed|[1-9] error|[0-9] failing|[0-9] failures?|FAIL|ERRORS!|ailures: |✕ |^not ok|failed=[1-9]"
        "|unreachable=[1-9]"
    ),
    "^CommandError|^django[.]|^SystemCheckError|^FAILED|: error: |[[](?:emerg|alert|crit)|no live upstreams",
)

_PROSE = (
    (
        "[Ff]ailed|[Ff]ailure|[Uu]nable to|[Cc]ould ?n.t |[Cc]ould not |[Cc]annot |[Cc]an.t |[Cc]an not |[Dd]id not "
        "|[Dd]id ?n.t "
        "|not able to|[Cc]rashed|[Aa]borted|[Gg]ave up|[Gg]iving up|[Tt]imed out"
    ),
    "❌|✖|✗|🔥|💥|⛔|🛑|🚨",
    (
        "(?:status|state|result|outcome|verdict).: ?.(?i:fail|err|fatal|crash)|(?:success|succeeded|ok).: ?false"
        "|(?:failed|failures|errors|error_count|failed_count).: ?[1-9]"
    ),
    "is required|must be set|is missing|^[Mm]issing |^[Rr]equired ",
    (
        "(?i:skipped|dropped|lost|rejected|discarded|refused|not [a-z]+): |(?:failed|errors|failures"
        "|rejected)[=:] ?[1-9]|[1-9] (?:of|out of) [0-9]+ "
    ),
    (
        "(?i:denied|refused|such host|i/o timeout|deadline exceeded|broken pipe|reset by peer|no route to|unreachable"
        "|unexpected eof|output error"
        "|already in use|not permitted|(?:status|response)(?: code)?:? ?[45][0-9][0-9])|50[0234] [IBSG]|did NOT match"
        "|^sed: | option "
    ),
)

SUPERSET = "(?m)" + "|".join((*_LEVELS, *_NAMES, *_STACKS, *_CRASHES, *_TOOLS, *_PROSE))
"""What a line has that a rule may find, or that belongs to a stack trace, in RE2's syntax."""
