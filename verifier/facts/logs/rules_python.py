"""The crash words of Python and its libraries, and of what all languages share: the lines of exceptions."""

from __future__ import annotations

from verifier.facts.logs.row import RuleRow

SQLALCHEMY_MAPPERS = "sqlalchemy-mapper"

PYTHON = (
    RuleRow(
        SQLALCHEMY_MAPPERS,
        r"One or more mappers failed to initialize"
        r"|[Ww]hen initializing mapper "
        r"|[Cc]an't proceed with initialization of other mappers"
        r"|Mapper .* (?:could not assemble any primary key|has no property )"
        r"|Could not determine (?:join condition between|relationship direction|any unambiguous local/remote)"
        r"|Could not locate any (?:relevant|simple equality) (?:foreign key columns"
        r"|expressions involving locally mapped)"
        r"|Can't find any foreign key relationships between"
        r"|Multiple classes found for path "
        r"|Table '.+' is already defined for this MetaData instance"
        r"|Foreign key associated with column '.+' could not (?:find table|initialize)"
        r"|Could not initialize target column for ForeignKey"
        r"|Class .+ does not have a __table(?:name)?__"
        r"|Attribute name '.+' is reserved (?:when using|for) "
        r"|and back-reference .+ are both of the same direction"
        r"|[Rr]everse_property .+ on relationship .+ references relationship"
        r"|Error creating backref '"
        r"|Class '.+' (?:is not mapped|already has a primary mapper defined)"
        r"|back_populates on relationship '.+' refers to"
        r"|None of the FROM clause entities have a property|Type annotation for .+ can't be correctly interpreted",
        "SQLAlchemy: orm/mapper.py, relationships.py, clsregistry.py, decl_base.py, sql/schema.py",
        "Mapper 'Mapper[Clip(clips)]' has no property 'tags'.",
        "all 41 mappers initialized",
    ),
    RuleRow(
        "python-traceback",
        r"^(?:[^\s'\"][^'\"]*|\s*[+|╭][^'\"]*)?Traceback \(most recent call last\):?[\s─-╿]*$",
        "CPython: traceback.c; also in exception groups and in rich's boxes",
        "Traceback (most recent call last):",
        "the ticket says 'Traceback (most recent call last):' and no more",
    ),
    RuleRow(
        "exception-line",
        r"^(?: *\| )?(?:Uncaught |\[)?(?:[A-Za-z_][\w$-]*(?:\.|::|\\\\|\\|/))*[A-Z]\w*(?:Error|Exception|Interrupt"
        r"|Timeout|Fault)"
        r"(?: \[[\w-]+\])?: \S|^(?:[a-z_]\w*\.){2,}[A-Z]\w*(?:Error|Exception)$"
        r"|^(?:[^'\"]*[\s:])?\((?:\w+\.)+\w*(?:Error|Exception)\) \S|^KeyboardInterrupt$|^AssertionError$",
        "every runtime that names exceptions by their class: Python, Java, Node, .NET, PHP, Ruby",
        "sqlalchemy.exc.OperationalError: no such table: clips",
        "loading ValueErrorHandler: done",
    ),
    RuleRow(
        "error-line",
        r"^(?:Error|ERROR): \S",
        "Go, Rust, click, R and many programs' last words",
        "Error: connection refused",
        "Errors: 0, Failures: 0",
        unless=r"^(?:Error|ERROR): (?:0|none|null|false)\b",
        over_warning=False,
    ),
    RuleRow(
        "exception-value",
        r"(?:^|[\s\[(,:=])(?:\w+\.)*[A-Z]\w*(?:Error|Exception)\(['\"\d)]|#<(?:\w+::)*\w*(?:Error|Exception): "
        r"|^(?:[^'\"]*: )?(?:Err|Failure|Left)\(.+\)$|^\{:?error, ?.+\}\.?$|^#error \{",
        "an exception or a failed result that was printed: Python, Ruby, Rust, Scala, OCaml, Erlang, Clojure",
        "[0, 1, ValueError('part 2 is corrupt'), 3]",
        "handlers: ValueError, KeyError",
        unless=r"(?i)\bretr(?:y|ies|ied|ying)\b|assert|raises?\b|expected|^[+-]",
        over_warning=False,
    ),
    RuleRow(
        "runtime-message",
        r"object has no attribute '|takes \d+ positional arguments? but|unexpected keyword argument '"
        r"|unsupported operand type"
        r"|'NoneType' object is not|list index out of range|values to unpack|invalid literal for int\(\)"
        r"|codec can't decode byte"
        r"|Expecting (?:value|property name|',' delimiter)|is not a function$|Cannot read propert(?:y"
        r"|ies) of (?:undefined|null)"
        r"|is not iterable$|Unexpected token .* JSON|Unexpected end of JSON|Cannot invoke \""
        r"|out of bounds for length \d"
        r"|For input string: \"|undefined (?:local variable or )?method [`']|nil pointer dereference"
        r"|index out of range \["
        r"|looking for beginning of value|strconv\.\w+: parsing |called `(?:Option|Result)::\w+\(\)`"
        r"|Object reference not set to"
        r"|Sequence contains no elements|Value cannot be null\.|\b(?:divide|division|divided) by zero\b|junk in string"
        r"|non-numeric argument to|maximum recursion depth exceeded|invalid value for (?:Float|Integer)\(\)",
        "the words of runtimes' own exceptions, where only those were printed",
        "not loaded: 'NoneType' object is not subscriptable",
        "the list index is in range",
        unless=r"(?i)\bretr(?:y|ies|ied|ying)\b|^\s*[`*#>]|^    ",
        over_warning=False,
    ),
    RuleRow(
        "python-fatal",
        r"^Fatal Python error: |^Timeout \(\d+:\d\d:\d\d(?:\.\d+)?\)!$",
        "CPython: Py_FatalError and faulthandler",
        "Fatal Python error: Segmentation fault",
        "no Fatal Python error so far",
    ),
    RuleRow(
        "python-never-awaited",
        r"coroutine '.+' was never awaited",
        "CPython: RuntimeWarning, the work was not done",
        "w.py:3: RuntimeWarning: coroutine 'push' was never awaited",
        "all coroutines were awaited",
    ),
    RuleRow(
        "asyncio-lost-task",
        r"Task was destroyed but it is pending|(?:Task|Future) exception was never retrieved",
        "CPython: asyncio/tasks.py, futures.py",
        "Task exception was never retrieved",
        "every task exception was retrieved",
    ),
    RuleRow(
        "python-exception-ignored",
        r"^Exception ignored (?:in|on|while)\b",
        "CPython: an exception in a destructor, a callback or at exit",
        "Exception ignored in atexit callback: <function flush at 0x7f19>",
        "Exception ignored: 0",
    ),
    RuleRow(
        "python-logging-error",
        r"^--- Logging error ---$",
        "CPython: logging/__init__.py, a line could not be logged",
        "--- Logging error ---",
        "--- Logging errors: none ---",
    ),
    RuleRow(
        "python-no-module",
        r"^\S*python[\d.]*: (?:No module named |can't open file |Error while finding module)",
        "CPython: runpy and main.c",
        "/usr/bin/python3: No module named worker",
        "python: started",
    ),
    RuleRow(
        "pydantic-validation",
        r"^\d+ validation errors? for ",
        "pydantic: a ValidationError's first line",
        "2 validation errors for Clip",
        "0 validation errors",
    ),
    RuleRow(
        "database-says",
        r"(?:relation|column|table|database|role|function|type|schema) \"?[^\"]+\"? does not exist$"
        r"|duplicate key value violates unique constraint|violates (?:foreign key|not-null|check) constraint"
        r"|deadlock detected$|permission denied for (?:table|relation|schema|database|sequence|function)"
        r"|password authentication failed for user",
        "PostgreSQL's messages, as drivers hand them on",
        'column "tenant_id" does not exist',
        'NOTICE:  table "errors" does not exist, skipping',
        unless=r"(?i)skipping|\bretry|creating",
    ),
)
