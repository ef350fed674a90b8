"""What follows from what a job runs: its digests are tied to builds, and people and the audit trail are told.

One call takes one step, in this order; the job is saved after each:

1 stretches  when each digest began and ceased to run, before anybody hears of it
2 tie        the digest to the build that pushed it (`tie.py`), and its image to a newer VERIFIED build
3 record     the audit trail, and the topic where policy wants that, of each beginning and end
4 inform     people, of what is wrong and what is over (`inform.py`)

Whatever is told has a key of its own, made of what was saved before: told again after a crash it is the same thing.
"""

from __future__ import annotations

from dataclasses import replace

from verifier.checks.job_runs import JobRuns
from verifier.checks.policy import Published
from verifier.checks.running import look_again, transitions, with_stretches
from verifier.config import Watched
from verifier.controller.budget import CALL_SECONDS, Budget, Deployment
from verifier.controller.notify import write_audit
from verifier.controller.runs.inform import inform
from verifier.controller.runs.tie import with_newer, with_tie
from verifier.errors import Malformed, OutOfTime, ServiceError
from verifier.reporting.running_entry import running_announcement, running_entry


def tie_and_tell(job: JobRuns, deployment: Deployment, watched: Watched, budget: Budget) -> JobRuns:
    """Take the next step about this job, and return it as it is to be stored; unchanged where nothing is to be done.

    What is returned is saved, and then this is called again, until it returns what it was given: so a step can have
    its intent saved before it has an effect. It changes nothing of what is counted. A `due` that it sets is when it is
    to be called again at the latest. Raises ServiceError and Stopping: then it is called again some minutes later.

    Trouble with the audit trail does not keep people from hearing what is wrong, nor the other way round: it is raised
    once nothing else is to be done.
    """
    after = with_stretches(job)  # 1
    if after != job:
        return after
    after = with_tie(job, deployment, watched, budget)  # 2
    if after != job:
        return after
    after = with_newer(job, deployment, budget)
    if after != job:
        return after
    trouble: ServiceError | Malformed | None = None
    for step in (_record, inform):  # 3 and 4
        try:
            after = step(job, deployment, budget)
        except OutOfTime:
            raise
        except (ServiceError, Malformed) as error:
            trouble = trouble or error
        else:
            if after != job:
                return after
    if trouble is not None:
        raise trouble
    again = look_again(job, deployment.services.clock())
    return job if again is None else replace(job, due=again)


def _record(job: JobRuns, deployment: Deployment, budget: Budget) -> JobRuns:
    """Return the job with the next beginning or end told to the audit trail and to subscribers. Raises ServiceError."""
    for transition, runs in transitions(job, deployment.services.clock()):
        entry = running_entry(job, runs, transition)
        write_audit(deployment, entry, budget.seconds(CALL_SECONDS))
        announcer = deployment.services.announcer
        if announcer is not None and Published.RUNNING in deployment.policy.publishes:
            payload, attributes = running_announcement(entry)
            announcer.publish(payload, attributes, timeout=budget.seconds(CALL_SECONDS))
        return job.with_digest(replace(runs, audited=str(transition)))
    return job
