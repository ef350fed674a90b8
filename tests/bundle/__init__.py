"""What is deployed boots and judges: the very files that Terraform uploads, with nothing but their requirements.

| file | what it is |
|---|---|
| `bundle.py` | the bundle that Terraform uploads, and what the platform's buildpack makes of it |
| `conftest.py` | the bundle, made once for the tests that look at it |
| `test_bundle.py` | the bundle: what is in it, and that it does its work where nothing else is installed |
"""
