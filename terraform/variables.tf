variable "home" {
  description = "Where the installation lives: the function, its ledger, its audit trail. `name` tells installations apart and begins the name of everything that is made."
  type = object({
    project = string
    region  = string
    name    = optional(string, "build-verifier")
  })
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.home.project))
    error_message = "home.project: give the id of the project that holds the installation, such as my-project, not its number or its title."
  }
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.home.region))
    error_message = "home.region: give one region, such as us-central1; Cloud Run functions, Firestore and Cloud Scheduler must exist there."
  }
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,18}[a-z0-9]$", var.home.name))
    error_message = "home.name: give 4 to 20 small letters, digits and hyphens that begin with a letter, such as build-verifier."
  }
}

variable "projects" {
  description = "The projects that are looked after, by id. `watch`: its builds get verdicts. `create_topic`: false where the topic cloud-builds exists already. `jobs`: the Cloud Run jobs there that policy names as workers, as REGION/JOB: they are started. `watch_jobs`: those that policy names under [watch], which are only looked at, in a project that is watched."
  type = map(object({
    watch        = optional(bool, true)
    create_topic = optional(bool, true)
    jobs         = optional(set(string), [])
    watch_jobs   = optional(set(string), [])
  }))
  nullable = false
  validation {
    condition     = anytrue([for project in values(var.projects) : try(project.watch, false)])
    error_message = "projects: give at least one project whose builds are watched, such as projects = { my-project = {} }."
  }
  validation {
    condition     = alltrue([for project in values(var.projects) : try(project.watch || length(project.jobs) > 0, false)])
    error_message = "projects: give jobs to a project that is not watched, or leave it out: there is nothing to do in it. A project of which all is usual is {}."
  }
  validation {
    condition     = alltrue([for project in values(var.projects) : try(project.watch || length(project.watch_jobs) == 0, true)])
    error_message = "projects.watch_jobs: give them to projects that are watched: what runs is looked at where builds are."
  }
  validation {
    condition     = alltrue([for id in keys(var.projects) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", id))])
    error_message = "projects: give project ids as the keys, such as my-project, not numbers or titles."
  }
  validation {
    condition = alltrue([
      for job in flatten([for project in values(var.projects) : try(concat(tolist(project.jobs), tolist(project.watch_jobs)), [])]) :
      can(regex("^[a-z]+-[a-z]+[0-9]+/[a-z][a-z0-9-]{0,62}$", job))
    ])
    error_message = "projects.jobs, projects.watch_jobs: give each job as REGION/JOB, such as us-central1/my-worker; the project is the key that it stands under."
  }
}

variable "regions" {
  description = "The locations that builds run in, in all watched projects: regions, and `global` where builds are not regional. Each is listed by the sweep, so that no build goes unseen."
  type        = set(string)
  nullable    = false
  validation {
    condition     = length(var.regions) > 0 && alltrue([for region in var.regions : can(regex("^(global|[a-z]+-[a-z]+[0-9]+)$", region))])
    error_message = "regions: give every location that builds run in, such as [\"global\", \"us-central1\"]."
  }
}

variable "policy_file" {
  description = "The path of policy.toml: what is accepted. An empty file is a good start."
  type        = string
  validation {
    condition     = can(file(var.policy_file))
    error_message = "policy_file: give the path of a readable policy.toml, as UTF-8 text; an empty file flags every build without a commit and runs nothing."
  }
  validation {
    condition     = !can(regex("(?m)^\\s*[\"']?exemption[\"']?\\s*=", file(var.policy_file)))
    error_message = "policy_file: write exemptions as [[exemption]] tables; the installation adds one of its own."
  }
}

variable "slack" {
  description = "Where verdicts are posted: the id of a channel that the bot is a member of, or an incoming webhook. The bot's token or the webhook's address is added to Secret Manager by hand and never in Terraform's state."
  type = object({
    channel = optional(string, "")
    webhook = optional(bool, false)
  })
  nullable = false
  validation {
    condition     = var.slack.webhook ? var.slack.channel == "" : can(regex("^[CDG][A-Z0-9]+$", var.slack.channel))
    error_message = "slack: give either channel, the id of a channel such as C0123456789 (not its name), or webhook = true."
  }
}

variable "alerts" {
  description = "Who hears of trouble with the verifier itself: mail addresses, and the full names of notification channels that exist already. `off`: alerts that are not wanted, by their names in docs/alerts.md."
  type = object({
    emails   = optional(set(string), [])
    channels = optional(set(string), [])
    off      = optional(set(string), [])
  })
  nullable = false
  validation {
    condition     = length(var.alerts.emails) + length(var.alerts.channels) > 0
    error_message = "alerts: give at least one address in emails, or one notification channel in channels; nobody hears an alert otherwise."
  }
  validation {
    condition     = alltrue([for address in var.alerts.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "alerts.emails: give mail addresses, such as team@example.com."
  }
  validation {
    condition     = alltrue([for name in var.alerts.channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", name))])
    error_message = "alerts.channels: give full names, projects/PROJECT/notificationChannels/NUMBER, as gcloud beta monitoring channels list prints them."
  }
}

variable "audit" {
  description = "The audit trail: how many days its entries are kept, whether the bucket is locked (which can't be undone: neither the retention nor the bucket can be taken back), and who may read it, as IAM members."
  type = object({
    retention_days = optional(number, 400)
    locked         = optional(bool, false)
    readers        = optional(set(string), [])
  })
  default  = {}
  nullable = false
  validation {
    condition     = var.audit.retention_days >= 30 && var.audit.retention_days <= 3650 && floor(var.audit.retention_days) == var.audit.retention_days
    error_message = "audit.retention_days: give a whole number of days from 30 to 3650."
  }
  validation {
    condition     = alltrue([for member in var.audit.readers : can(regex("^((user|group|serviceAccount|domain):|principal(Set)?://)[^ ]+$", member))])
    error_message = "audit.readers: give IAM members such as group:security@example.com; everybody (allUsers) is refused."
  }
}

variable "function" {
  description = "How the function runs; the defaults come from measurements (see function.tf). `timeout` is in seconds."
  type = object({
    timeout       = optional(number, 120)
    max_instances = optional(number, 4)
    memory        = optional(string, "512Mi")
  })
  default  = {}
  nullable = false
  validation {
    condition     = var.function.timeout >= 60 && var.function.timeout <= 540 && floor(var.function.timeout) == var.function.timeout
    error_message = "function.timeout: give a whole number of seconds from 60 to 540; Pub/Sub waits for 600."
  }
  validation {
    condition     = contains(["256Mi", "512Mi", "1Gi", "2Gi"], var.function.memory)
    error_message = "function.memory: give 256Mi, 512Mi, 1Gi or 2Gi."
  }
  validation {
    condition     = var.function.max_instances >= 1 && var.function.max_instances <= 100 && floor(var.function.max_instances) == var.function.max_instances
    error_message = "function.max_instances: give a whole number from 1 to 100."
  }
}

variable "quotas" {
  description = "How many calls a minute are made of Cloud Logging (reads) and of Cloud Build (gets and lists), that one project pays for; 0 for as many as one likes. `other`: projects with other quotas, by id. `bill_watched`: whether each project pays with its own quota for what is read in it; false: the home project pays for all."
  type = object({
    logging     = optional(number, 60)
    cloud_build = optional(number, 300)
    other = optional(map(object({
      logging     = optional(number)
      cloud_build = optional(number)
    })), {})
    bill_watched = optional(bool, true)
  })
  default  = {}
  nullable = false
  validation {
    condition = alltrue([
      for calls in concat(
        [var.quotas.logging, var.quotas.cloud_build],
        flatten([for one in values(var.quotas.other) : [for calls in [one.logging, one.cloud_build] : calls if calls != null]]),
      ) : calls >= 0 && calls < 1000000 && floor(calls) == calls
    ])
    error_message = "quotas: give whole numbers of calls a minute, from 0 (no limit) to 999999."
  }
}

variable "publish_verdicts" {
  description = "Whether each verdict is also published to a topic, for whoever wants to act on it."
  type        = bool
  default     = false
  nullable    = false
}

variable "read_uploads" {
  description = "Whether the archives that LOCAL_SOURCE builds were made from are read: source code, of which counts, hashes, the tree's id and names like secrets are kept, and no content. It gives the function the buckets PROJECT_cloudbuild and run-sources-PROJECT-REGION of each watched project to read, and no others."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the ledger's database refuses to be destroyed. Set it to false and apply before an uninstallation."
  type        = bool
  default     = true
  nullable    = false
}
