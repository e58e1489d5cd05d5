# The three processes as three uses of one application module, of the kind that public services share on AKS: an image, a
# start command, a probe command, a number of replicas. Only `command` and the probes differ.

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

variable "worker_replicas" {
  type        = number
  default     = 2
  description = "Each runs WORKER_CONCURRENCY jobs side by side"
}

locals {
  service_name = "rqclock-sample"

  # The one environment. `rqclock settings` explains every name.
  settings = {
    HEALTH_PORT         = "8080"
    PORT                = "5050"
    RQCLOCK_ENVIRONMENT = var.environment
    RQCLOCK_GRACE       = "25" # the module keeps Kubernetes's 30 s until it kills
    RQCLOCK_LOG         = "json"
    RQCLOCK_PROXIES     = "1"
    RQCLOCK_SERVICE     = local.service_name
  }
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
    REDIS_URL          = var.redis_url
    DATABASE_URL       = var.database_url
    RQCLOCK_SECRET_KEY = var.secret_key
  }
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

  depends_on = [module.clock_application]
}
