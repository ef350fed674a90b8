"""Did it get worse? How a deployed digest's runs go beside what was before it: rules over values, nothing else.

| module | says |
|---|---|
| `chances` | what so many runs show: bounds, and whether failures are up |
| `book` | which errors are new, known, back or gone, by the job's book of errors |
| `watching` | what is known of one watch: its runs, its errors, how it stands |
| `counting` | what a run changes in it |
| `telling` | what people are to hear of it, and when; what a checkpoint may say |
| `ending` | when it is over, and with which outcome |
| `benign` | what happens while deploying, and alarms nobody |
| `way_back` | which build one may go back to, and by which commands |
"""
