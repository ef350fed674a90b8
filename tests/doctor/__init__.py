"""`verifier doctor`, over an installation on the stand-in.

| file | what it is |
|---|---|
| `conftest.py` | the plan of Terraform's own tests, made once for everybody |
| `installation.py` | a whole installation on the stand-in, in order until a test breaks something |
| `pasting.py` | whether a remedy can be pasted: prose, or one command that a shell and gcloud take |
| `test_doctor.py` | the whole command over real connections: each thing that is broken is named |
| `test_doctor_parts.py` | the rules of the doctor, and the parts of it that talk to what the stand-in is not |
| `test_doctor_quotas.py` | whose quotas are used and what they are, which is never something to fix |
| `test_doctor_terraform.py` | what Terraform plans is what the doctor asks for |
| `test_doctor_watched.py` | the jobs whose runs are seen: there, readable, and let through by the sink |
| `test_samples.py` | the samples look as the real messages would |
"""
