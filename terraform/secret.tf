# The secret's value is added by hand (see the output `slack_secret`): Terraform's state never holds it.
resource "google_secret_manager_secret" "slack" {
  project   = var.home.project
  secret_id = "${var.home.name}-slack"
  replication {
    user_managed { # organisations that allow some locations only refuse automatic replication, which is global
      replicas {
        location = var.home.region
      }
    }
  }
}
