"""The schemas of docs/schemas: they are schemas, they say what the code says, and real output fits them.

| file | what it is |
|---|---|
| `loading.py` | the schemas, how values are held against them, and the strict form that today's output must fit |
| `walking.py` | the places of a schema that a value meets, and the changes that must not fit |
| `told.py` | what the function tells in each case: entries of the audit trail, and published messages |
| `printed.py` | what each command prints for scripts, on the stand-in |
| `test_schemas.py` | each is a schema, references lead somewhere, words are the code's, properties are described |
| `test_told.py` | entries and messages: of 0.1.0 and of today, each kind that the code knows |
| `test_printed.py` | the commands: of 0.1.0 and of today, each that prints JSON |
| `test_schemas_page.py` | the page names each schema, kind, command and column, and nothing else |
"""
