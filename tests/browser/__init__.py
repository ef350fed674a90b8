"""The HTML report in a real, headless browser.

| file | what it is |
|---|---|
| `conftest.py` | the browser that these tests share; each worker of a parallel run has its own |
| `pictures.py` | `make pictures`: the README's pictures, taken of the demo |
| `sample.py` | a quarter of a year of a team's builds, some from laptops, and what their worker ran |
| `test_large_reports.py` | reports of many builds: small, and bounded |
| `test_pictures.py` | that the README shows both, and that they are light |
| `test_report.py` | what is seen, clicked and typed |
| `webdriver.py` | a browser driven by the WebDriver protocol over HTTP |
"""
