# The alerts. Each has either a query about metrics, or a match: a line of a log that is enough. docs/alerts.md has the table.
#
# A runbook begins with what the trouble means for builds. Commands that belong to different moments are never in one
# block, for a block is pasted whole.

locals {
  no_query = { query = null, duration = null }
  no_match = { match = null, labels = null }

  alerts = merge(local.alerts_about_entries, local.alerts_about_metrics, local.alerts_about_signals)

  # Where there is one instance, it is all of them whenever it works.
  alerts_off = setunion(var.alerts.off, var.function.max_instances == 1 ? ["saturated"] : [])

  # What the audit trail says.
  alerts_about_entries = {
    undelivered = merge(local.no_query, {
      title    = "Slack refuses a verdict"
      severity = "ERROR"
      match    = "${local.audit_log} labels.kind=\"undelivered\""
      labels   = { project = "EXTRACT(labels.project)" }
      runbook  = "Builds are judged as before; only Slack does not hear of it. The verdict is in the audit trail, and is posted when Slack takes it: it is tried every five minutes, or every hour when Slack refuses this message alone. The entry of kind `undelivered` names the fix: invite the bot to the channel, correct `slack.channel` in terraform.tfvars (or a route's channel in policy.toml) and apply, or renew the token (see Upgrade)."
      urgency  = "It can wait until morning where nobody has to act on a red verdict at night. It is over an hour after the last refusal."
      steps    = [{ when = "To look at it:", commands = ["undelivered"] }, local.doctor_step]
    })
    quarantined = merge(local.no_query, {
      title    = "Messages can't be read"
      severity = "WARNING"
      match    = "${local.audit_log} labels.kind=\"quarantined\""
      labels   = {}
      runbook  = "Builds are judged as before: the sweep finds by listing those whose messages can't be read, some minutes late. Either somebody publishes to the topics who should not, or a subscription was changed, or Cloud Build writes what this version does not know. The entries of kind `quarantined` say where, what was expected and what was got, with the beginning of the message. See who may publish to the topic, and run `verifier doctor`."
      urgency  = "It can wait until morning. It is over an hour after the last such message."
      steps    = [{ when = "To look at it:", commands = ["quarantined"] }, local.doctor_step]
    })
    unconfirmed = merge(local.no_query, {
      title    = "Messages name builds that Cloud Build does not show"
      severity = "WARNING"
      match    = "${local.audit_log} labels.kind=\"unconfirmed\""
      labels   = {}
      runbook  = "No verdict was given for them. Either somebody forges messages, which costs a read each and buys nothing, or the verifier may not read these builds: then real ones are not judged. The entries of kind `unconfirmed` name the builds and what Cloud Build answered. See who may publish to the topic, and run `verifier doctor`."
      urgency  = "It can wait until morning where the entries say `not found`; where they name a permission, builds go unjudged until it is granted. It is over an hour after the last such message."
      steps    = [{ when = "To look at it:", commands = ["unconfirmed"] }, local.doctor_step]
    })
    unwatched = merge(local.no_query, {
      title    = "Builds ran where nobody watches"
      severity = "WARNING"
      match    = "${local.audit_log} labels.kind=\"unwatched\""
      labels   = {}
      runbook  = "Builds of a region or project that the verifier does not watch are not judged. Add the place to `regions` or `projects` in terraform.tfvars and apply, or find out who built there (`gcloud builds submit --region=…` is enough) and why. The entries of kind `unwatched` name each place once an hour, twenty at the most: anybody who may publish to the topic can name any place."
      urgency  = "It can wait until morning where nothing from that place is deployed. It is over an hour after the last such build."
      steps    = [{ when = "To look at it:", commands = ["unwatched"] }, local.doctor_step]
    })
  }

  # What is seen in numbers: of a day's verdicts, two of each project are forgiven.
  alerts_about_metrics = {
    dead_letters = merge(local.no_match, {
      title    = "Messages were given up"
      severity = "ERROR"
      query    = "max(${local.dead_letters}) > 0"
      duration = "0s"
      runbook  = "Builds are judged as before; at most the line about a build that failed is lost, for the sweep finds successful builds and runs that have ended by itself. A hundred deliveries of a message failed, and the function's log says why (`not acknowledged`). Fix that, then empty the subscription (output `dead_letters`): nothing needs to be replayed."
      urgency  = "It can wait until morning: what was given up is kept for 31 days. It is over when the subscription is empty."
      steps = [
        { when = "To look at it:", commands = ["log", "show"] },
        { when = "When you understand them, and only then:", commands = ["empty"] },
      ]
    })
    no_sweep = merge(local.no_match, {
      title    = "No sweep was completed for ten minutes"
      severity = "CRITICAL"
      query    = "(sum(sum_over_time(${local.sweeps}[5m])) or vector(0)) < 1"
      duration = "300s"
      runbook  = "Verdicts may be late or missing: what failed once is not tried again, and builds that nobody announced are not found. Run `verifier doctor`. Look at the function's log: it does not start (a wrong setting or policy, a secret without a version), or a sweep fails (`not acknowledged`). No such line: is the scheduler's job paused, is the push refused (403)? Sweeps that can't list a project or a region count as completed here: those have an alert of their own."
      urgency  = "Do not wait: what failed once may not be tried again meanwhile. It is over when the dashboard counts sweeps again, one a minute."
      steps    = [local.doctor_step, { when = "To look at it:", commands = ["log", "scheduler"] }]
    })
    inconclusive = merge(local.no_match, {
      title    = "More than a quarter of the verdicts of a day are inconclusive"
      severity = "WARNING"
      query    = "(sum by (project) (sum_over_time(${format(local.own_verdicts, ",verdict=\"INCONCLUSIVE\"")}[1d])) - 2) / sum by (project) (sum_over_time(${format(local.own_verdicts, "")}[1d])) > 0.25"
      duration = "0s"
      runbook  = "Nobody knows of these builds of one project whether they are what was pushed and whether they work; none is taken for good. Something that is required can't be checked: the audit trail's `findings` with the outcome `could-not-check` say what, and their `remediation` what to do. Mostly it is a permission, a worker that logs too late, or a job whose image tag moved."
      urgency  = "It can wait until morning. It is over a day after the last of them at the latest."
      steps    = [{ when = "To look at it:", commands = ["open"] }, local.doctor_step]
    })
    slow_verdicts = merge(local.no_match, {
      title    = "More than a twentieth of the verdicts of a day are late"
      severity = "WARNING"
      query    = "(sum by (project) (sum_over_time(${format(local.own_verdicts, ",objective=\"missed\"")}[1d])) - 2) / sum by (project) (sum_over_time(${format(local.own_verdicts, "")}[1d])) > 0.05"
      duration = "0s"
      runbook  = "Builds of one project are judged, but later than `[slo]` in policy.toml allows from their end on; a worker's own run is not counted. Other alerts may say why: messages don't arrive, Cloud Build or Cloud Logging refuses, records are overdue, all instances are busy. None of them: is the objective shorter than what your builds take?"
      urgency  = "It can wait until morning. It is over a day after the last late verdict at the latest."
      steps    = [{ when = "To look at it:", commands = ["slow"] }, { when = "To see what was in the way:", commands = ["log"] }]
    })
    saturated = merge(local.no_match, {
      title    = "All instances of the function are busy"
      severity = "WARNING"
      query    = "sum(${local.instances}) >= ${var.function.max_instances}"
      duration = "900s"
      runbook  = "Verdicts come later while more arrives than the function's instances can take: the rest waits in Pub/Sub, and nothing is lost. After an outage, that is a backlog, and passes. If it does not, raise `max_instances` of `function` in terraform.tfvars and apply; where the log says that quotas are used up, more instances do not help."
      urgency  = "It can wait until morning. It is over when an instance has nothing to do."
      steps    = [{ when = "To look at it:", commands = ["log", "instances"] }]
    })
  }
}
