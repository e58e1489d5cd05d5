# The three processes as uses of one application module, of the kind that public services share on AKS: an image, a start
# command, a probe command, a number of replicas. Only `command` and the probes differ. The providers (azurerm,
# kubernetes) and their credentials are those of the configuration that this file is put into.

variable "cluster" {
  type        = string
  description = "The cluster's name, as the module cluster_data knows it"
}

variable "docker_image" {
  type        = string
  description = "The image of this commit"
}

variable "environment" {
  type        = string
  description = "production, qa, review-123"
}

variable "namespace" {
  type        = string
  description = "The service's namespace"
}

variable "redis_url" {
  type        = string
  sensitive   = true
  description = "rediss://… of a Redis that is no cluster and evicts nothing"
}

variable "database_url" {
  type        = string
  sensitive   = true
  description = "The sample's own database"
}

variable "secret_key" {
  type        = string
  sensitive   = true
  description = "Signs the sessions of the console: openssl rand -hex 32"
}

variable "public_url" {
  type        = string
  description = "The console as people reach it: links in alerts lead there"
}

variable "oidc_issuer" {
  type        = string
  description = "OpenID Connect: the provider's issuer address. Without a provider nobody gets into the console"
}

variable "oidc_client_id" {
  type        = string
  description = "Our client id there"
}

variable "oidc_client_secret" {
  type        = string
  sensitive   = true
  description = "Its secret"
}

variable "admins" {
  type        = list(string)
  default     = []
  description = "Who may do everything: e-mail addresses, or values of the claim `roles`"
}

variable "support" {
  type        = list(string)
  default     = []
  description = "Who may run, pause, resume and queue again"
}

variable "viewers" {
  type        = list(string)
  default     = []
  description = "Who may look"
}

variable "metrics_token" {
  type        = string
  default     = ""
  sensitive   = true
  description = "Bearer token of /metrics of the console; empty: no /metrics there"
}

variable "alert_webhook" {
  type        = string
  default     = ""
  sensitive   = true
  description = "Gets each alert as JSON"
}

variable "alert_secret" {
  type        = string
  default     = ""
  sensitive   = true
  description = "Signs what goes to that address"
}

variable "alert_email" {
  type        = list(string)
  default     = []
  description = "Get each alert by e-mail; needs smtp_url"
}

variable "alert_from" {
  type        = string
  default     = ""
  description = "Sender of those e-mails"
}

variable "smtp_url" {
  type        = string
  default     = ""
  sensitive   = true
  description = "smtps://NAME:PASSWORD@HOST:465"
}

variable "ping_url" {
  type        = string
  default     = ""
  sensitive   = true
  description = "Called at the start and the end of each run, {schedule} in it: somebody else who notices silence"
}

variable "sentry_dsn" {
  type        = string
  default     = ""
  sensitive   = true
  description = "Sentry's address of this project"
}

variable "worker_replicas" {
  type        = number
  default     = 2
  description = "Each runs WORKER_CONCURRENCY jobs side by side"
}

locals {
  service_name = "rqclock-sample"

  # The one environment. `rqclock settings` explains every name; an empty one is as good as none.
  settings = {
    HEALTH_PORT            = "8080"
    PORT                   = "5050"
    RQCLOCK_ADMINS         = join(",", var.admins)
    RQCLOCK_ALERT_EMAIL    = join(",", var.alert_email)
    RQCLOCK_ALERT_FROM     = var.alert_from
    RQCLOCK_ENVIRONMENT    = var.environment
    RQCLOCK_GRACE          = "25" # the module keeps Kubernetes's 30 s until it kills
    RQCLOCK_LOG            = "json"
    RQCLOCK_OIDC_CLIENT_ID = var.oidc_client_id
    RQCLOCK_OIDC_ISSUER    = var.oidc_issuer
    RQCLOCK_PROXIES        = "1"
    RQCLOCK_PUBLIC_URL     = var.public_url
    RQCLOCK_SERVICE        = local.service_name
    RQCLOCK_SUPPORT        = join(",", var.support)
    RQCLOCK_VIEWERS        = join(",", var.viewers)
  }
}

module "cluster_data" {
  source = "./vendor/modules/aks//aks/cluster_data"

  name = var.cluster
}

module "application_configuration" {
  source = "./vendor/modules/aks//aks/application_configuration"

  namespace             = var.namespace
  environment           = var.environment
  service_name          = local.service_name
  azure_resource_prefix = "replace-me"
  service_short         = "clock"
  config_short          = "pd"

  config_variables = local.settings
  secret_variables = {
    REDIS_URL                  = var.redis_url
    DATABASE_URL               = var.database_url
    RQCLOCK_SECRET_KEY         = var.secret_key
    RQCLOCK_OIDC_CLIENT_SECRET = var.oidc_client_secret
    RQCLOCK_METRICS_TOKEN      = var.metrics_token
    RQCLOCK_ALERT_WEBHOOK      = var.alert_webhook
    RQCLOCK_ALERT_SECRET       = var.alert_secret
    RQCLOCK_PING_URL           = var.ping_url
    SENTRY_DSN                 = var.sentry_dsn
    SMTP_URL                   = var.smtp_url
  }
}

# Once per deploy, before the rest: fails where the Redis would lose jobs, and makes the sample's tables. Terraform waits
# for its end, and what depends on it is left as it is when it has failed.
module "release_job" {
  source = "./vendor/modules/aks//aks/job_configuration"

  job_name = "release"

  namespace    = var.namespace
  environment  = var.environment
  service_name = local.service_name
  cpu          = module.cluster_data.configuration_map.cpu_min
  max_memory   = "256Mi"

  config_map_ref = module.application_configuration.kubernetes_config_map_name
  secret_ref     = module.application_configuration.kubernetes_secret_name

  docker_image = var.docker_image
  commands     = ["sh", "-c"]
  arguments    = ["python -m rqclock doctor --before-deploy && python -m services.seed --tables-only"]
}

module "web_application" {
  source = "./vendor/modules/aks//aks/application"

  name   = "web"
  is_web = true

  namespace                  = var.namespace
  environment                = var.environment
  service_name               = local.service_name
  cluster_configuration_map  = module.cluster_data.configuration_map
  kubernetes_config_map_name = module.application_configuration.kubernetes_config_map_name
  kubernetes_secret_name     = module.application_configuration.kubernetes_secret_name

  docker_image = var.docker_image
  command      = ["gunicorn", "-c", "python:rqclock.gunicorn_settings"]
  web_port     = 5050
  probe_path   = "/livez"
  replicas     = 2

  run_as_non_root = true

  depends_on = [module.release_job]
}

module "worker_application" {
  source = "./vendor/modules/aks//aks/application"

  name   = "worker"
  is_web = false

  namespace                  = var.namespace
  environment                = var.environment
  service_name               = local.service_name
  cluster_configuration_map  = module.cluster_data.configuration_map
  kubernetes_config_map_name = module.application_configuration.kubernetes_config_map_name
  kubernetes_secret_name     = module.application_configuration.kubernetes_secret_name

  docker_image  = var.docker_image
  command       = ["rq", "worker", "-c", "rqclock.rq_settings", "-w", "rqclock.Worker", "-j", "rqclock.Job"]
  probe_command = [] # a worker heals itself; a probe that asks Redis would kill jobs whenever Redis is away
  max_memory    = "1536Mi"
  replicas      = var.worker_replicas

  run_as_non_root = true

  depends_on = [module.release_job]
}

module "clock_application" {
  source = "./vendor/modules/aks//aks/application"

  name   = "clock"
  is_web = false

  namespace                  = var.namespace
  environment                = var.environment
  service_name               = local.service_name
  cluster_configuration_map  = module.cluster_data.configuration_map
  kubernetes_config_map_name = module.application_configuration.kubernetes_config_map_name
  kubernetes_secret_name     = module.application_configuration.kubernetes_secret_name

  docker_image  = var.docker_image
  command       = ["python", "clock.py"]
  probe_command = ["rqclock", "alive"]
  max_memory    = "256Mi"
  replicas      = 1

  run_as_non_root              = true
  enable_prometheus_monitoring = true
  worker_port                  = 8080

  depends_on = [module.release_job]
}

# The module replaces whatever is no web application by Recreate: the old pod ends before the new one begins. So the
# second clock is an application of its own that is changed after the first one is ready, and one of the two always runs.
module "standby_clock_application" {
  source = "./vendor/modules/aks//aks/application"

  name   = "clock-standby"
  is_web = false

  namespace                  = var.namespace
  environment                = var.environment
  service_name               = local.service_name
  cluster_configuration_map  = module.cluster_data.configuration_map
  kubernetes_config_map_name = module.application_configuration.kubernetes_config_map_name
  kubernetes_secret_name     = module.application_configuration.kubernetes_secret_name

  docker_image  = var.docker_image
  command       = ["python", "clock.py"]
  probe_command = ["rqclock", "alive"]
  max_memory    = "256Mi"
  replicas      = 1

  run_as_non_root              = true
  enable_prometheus_monitoring = true
  worker_port                  = 8080

  depends_on = [module.clock_application]
}
