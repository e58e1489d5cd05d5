// rqclock on Azure Container Apps: web, worker and clock from one image with one environment, Azure Managed Redis, and
// Log Analytics. See README.md beside this file; deploy.sh deploys it.

targetScope = 'resourceGroup'

@description('Begins the names of all resources: 3 to 20 small letters, digits and hyphens.')
@minLength(3)
@maxLength(20)
param name string

param location string = resourceGroup().location

@description('The image, with its tag or digest: images.example.org/rqclock-sample:1')
param image string

@description('A user-assigned identity that may pull the image from an Azure registry; empty: the registry needs none.')
param registryIdentity string = ''

@description('Its registry: NAME.azurecr.io')
param registryServer string = ''

@description('production, qa, …: shown on every page and log line.')
param environmentName string = 'production'

@description('Seconds that a job may go on after its worker was told to stop. Container Apps kills after 600 in all.')
@minValue(5)
@maxValue(595)
param grace int = 595

@description('A second clock stands by and takes over within seconds; 1 is enough where a minute late is early enough.')
@minValue(1)
@maxValue(5)
param clocks int = 1

@minValue(1)
param workers int = 1

@description('Memory and processor of the Redis. Balanced_B1 holds 1 GB.')
param redisSku string = 'Balanced_B1'

@description('A private network for all: {appsSubnet, privateEndpointSubnet, redisDnsZone}, or nothing. See README.md.')
param network object = {}

@description('A Redis of your own, in place of the one that is made here: rediss://…; it must be reached from the apps.')
@secure()
param redisUrl string = ''

@description('Who signed its certificate, as PEM text; empty: a public authority, as with the one that is made here.')
param redisCa string = ''

@description('The console as people reach it, if by another name than the platform gives it: https://clock.example.org')
param publicUrl string = ''

@description('Signs the sessions of the console: openssl rand -hex 32')
@secure()
param secretKey string

@description('The sample\'s own database: postgresql+psycopg://…')
@secure()
param databaseUrl string

@description('Sign-in by OpenID Connect. For Entra ID: https://login.microsoftonline.com/TENANT/v2.0')
param oidcIssuer string = ''
param oidcClientId string = ''
@secure()
param oidcClientSecret string = ''

@description('Who may do everything: e-mail addresses or roles, with commas.')
param admins string = ''

@description('Who may run, pause, resume and queue again.')
param support string = ''

@description('Who may look.')
param viewers string = ''

@description('Bearer token of /metrics of the console. Empty: no /metrics there.')
@secure()
param metricsToken string = ''

@description('Gets each alert as JSON. Empty: none.')
@secure()
param alertWebhook string = ''

@description('Signs what goes to that address.')
@secure()
param alertSecret string = ''

@description('Get each alert by e-mail: addresses with commas. Needs smtpUrl.')
param alertEmail string = ''

@description('Sender of those e-mails.')
param alertFrom string = ''

@description('Mail server, of alerts and of the sample: smtps://NAME:PASSWORD@HOST:465')
@secure()
param smtpUrl string = ''

@description('Called at the start and the end of each run: https://hc-ping.com/KEY/{schedule}')
@secure()
param pingUrl string = ''

@description('Sentry: the address of this project.')
@secure()
param sentryDsn string = ''

// --- Redis

var madeHere = empty(redisUrl)
var private = !empty(network)

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' = if (madeHere) {
  name: '${name}-redis'
  location: location
  sku: {
    name: redisSku
  }
  properties: {
    // A second node with a copy. Without it, maintenance of the one node empties the Redis: jobs, decisions and history.
    highAvailability: 'Enabled'
    minimumTlsVersion: '1.2'
    // Without a network of yours there is no way to it but by its public address, with TLS and its key.
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  }
}

resource database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' = if (madeHere) {
  parent: redis
  name: 'default'
  properties: {
    // One shard. A decision, its job and its queue are written in one script over several keys, which a sharded Redis
    // refuses (CROSSSLOT), and so does RQ. The default would be OSSCluster, and it can't be changed later.
    clusteringPolicy: 'NoCluster'
    // A full Redis must refuse writes. With an evicting policy (the default) it deletes jobs, and nobody is told.
    evictionPolicy: 'NoEviction'
    clientProtocol: 'Encrypted'
    port: 10000
    // What was acknowledged survives a restart of both nodes, but for the last second.
    persistence: {
      aofEnabled: true
      aofFrequency: '1s'
    }
    // REDIS_URL holds a key. Off by default in this API version, and listKeys fails then.
    accessKeysAuthentication: 'Enabled'
    // Upgrades fail over to the copy, which may lose the last writes: let Azure do them when they are new, not never.
    deferUpgrade: 'NotDeferred'
  }
}

resource redisEndpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = if (madeHere && private) {
  name: '${name}-redis'
  location: location
  properties: {
    subnet: {
      id: network.privateEndpointSubnet
    }
    privateLinkServiceConnections: [
      {
        name: 'redis'
        properties: {
          privateLinkServiceId: redis.id
          groupIds: [
            'redisEnterprise'
          ]
        }
      }
    ]
  }
}

resource redisName 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = if (madeHere && private) {
  parent: redisEndpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'redis'
        properties: {
          privateDnsZoneId: network.redisDnsZone
        }
      }
    ]
  }
}

// --- Logs

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    // Logs name people who pause and run schedules: keep them no longer than your data protection notice says.
    retentionInDays: 30
  }
}

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
    vnetConfiguration: !private ? null : {
      infrastructureSubnetId: network.appsSubnet
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

// --- The one environment of all processes

var madeUrl = 'rediss://:${uriComponent(database.listKeys().primaryKey)}@${redis.properties.hostName}:10000/0'

var required = [
  {
    name: 'redis-url'
    value: madeHere ? madeUrl : redisUrl
  }
  {
    name: 'secret-key'
    value: secretKey
  }
  {
    name: 'database-url'
    value: databaseUrl
  }
]

// Container Apps refuses a secret without a value, so what is not given is left out.
var given = filter([
  {
    name: 'oidc-client-secret'
    variable: 'RQCLOCK_OIDC_CLIENT_SECRET'
    value: oidcClientSecret
  }
  {
    name: 'metrics-token'
    variable: 'RQCLOCK_METRICS_TOKEN'
    value: metricsToken
  }
  {
    name: 'alert-webhook'
    variable: 'RQCLOCK_ALERT_WEBHOOK'
    value: alertWebhook
  }
  {
    name: 'alert-secret'
    variable: 'RQCLOCK_ALERT_SECRET'
    value: alertSecret
  }
  {
    name: 'smtp-url'
    variable: 'SMTP_URL'
    value: smtpUrl
  }
  {
    name: 'ping-url'
    variable: 'RQCLOCK_PING_URL'
    value: pingUrl
  }
  {
    name: 'sentry-dsn'
    variable: 'SENTRY_DSN'
    value: sentryDsn
  }
], one => !empty(one.value))

// A file, because REDIS_CA_FILE wants one: a secret that is mounted.
var caSecret = empty(redisCa) ? [] : [
  {
    name: 'redis-ca'
    value: redisCa
  }
]
var volumes = empty(redisCa) ? [] : [
  {
    name: 'redis-ca'
    storageType: 'Secret'
    secrets: [
      {
        secretRef: 'redis-ca'
        path: 'ca.pem'
      }
    ]
  }
]
var volumeMounts = empty(redisCa) ? [] : [
  {
    volumeName: 'redis-ca'
    mountPath: '/redis-ca'
  }
]
var secrets = concat(required, caSecret, map(given, one => {
  name: one.name
  value: one.value
}))

var settings = [
  {
    name: 'REDIS_URL'
    secretRef: 'redis-url'
  }
  {
    name: 'RQCLOCK_SECRET_KEY'
    secretRef: 'secret-key'
  }
  {
    name: 'DATABASE_URL'
    secretRef: 'database-url'
  }
  {
    name: 'HEALTH_PORT'
    value: '8080'
  }
  {
    name: 'PORT'
    value: '5050'
  }
  {
    name: 'RQCLOCK_ENVIRONMENT'
    value: environmentName
  }
  {
    name: 'RQCLOCK_GRACE'
    value: string(grace)
  }
  {
    name: 'RQCLOCK_LOG'
    value: 'json'
  }
  {
    name: 'RQCLOCK_PROXIES'
    value: '1'
  }
  {
    name: 'RQCLOCK_PUBLIC_URL'
    value: empty(publicUrl) ? 'https://${name}-web.${environment.properties.defaultDomain}' : publicUrl
  }
  {
    name: 'RQCLOCK_RELEASE'
    value: last(split(image, ':'))
  }
  {
    name: 'RQCLOCK_SERVICE'
    value: name
  }
  {
    name: 'RQCLOCK_OIDC_ISSUER'
    value: oidcIssuer
  }
  {
    name: 'RQCLOCK_OIDC_CLIENT_ID'
    value: oidcClientId
  }
  {
    name: 'RQCLOCK_ADMINS'
    value: admins
  }
  {
    name: 'RQCLOCK_SUPPORT'
    value: support
  }
  {
    name: 'RQCLOCK_VIEWERS'
    value: viewers
  }
  {
    name: 'RQCLOCK_ALERT_EMAIL'
    value: alertEmail
  }
  {
    name: 'RQCLOCK_ALERT_FROM'
    value: alertFrom
  }
  {
    name: 'REDIS_CA_FILE'
    value: empty(redisCa) ? '' : '/redis-ca/ca.pem'
  }
]
var env = concat(settings, map(given, one => {
  name: one.variable
  secretRef: one.name
}))

var registries = empty(registryServer) ? [] : [
  {
    server: registryServer
    identity: registryIdentity
  }
]
var identity = empty(registryIdentity) ? {
  type: 'None'
} : {
  type: 'UserAssigned'
  userAssignedIdentities: {
    '${registryIdentity}': {}
  }
}

// --- The processes

resource clock 'Microsoft.App/containerApps@2025-01-01' = {
  name: '${name}-clock'
  location: location
  identity: identity
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      // Single, and yet the old revision runs until the new one is ready: two clocks in each deploy. One leads.
      activeRevisionsMode: 'Single'
      registries: registries
      secrets: secrets
    }
    template: {
      // On SIGTERM it hands over and ends at once.
      terminationGracePeriodSeconds: 15
      containers: [
        {
          name: 'clock'
          image: image
          command: ['python', 'clock.py']
          env: env
          volumeMounts: volumeMounts
          resources: {
            cpu: json('0.25')
            memory: '0.5Gi'
          }
          // Without ingress Container Apps probes nothing by itself. /livez asks no Redis: an outage of Redis must not
          // get the clock killed. /readyz does: a new revision that can't reach Redis does not replace the old one.
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/livez'
                port: 8080
              }
              periodSeconds: 5
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/livez'
                port: 8080
              }
              periodSeconds: 10
              timeoutSeconds: 3
              failureThreshold: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/readyz'
                port: 8080
              }
              periodSeconds: 5
              timeoutSeconds: 3
              failureThreshold: 3
            }
          ]
        }
      ]
      volumes: volumes
      // No ingress and no scale rule: with a minimum of 0, the default, there would never be a reason to start it.
      scale: {
        minReplicas: clocks
        maxReplicas: clocks
      }
    }
  }
}

resource worker 'Microsoft.App/containerApps@2025-01-01' = {
  name: '${name}-worker'
  location: location
  identity: identity
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: registries
      secrets: secrets
    }
    template: {
      // 5 s more than jobs have to end, so that what is left of them goes back to its queue before SIGKILL. A worker
      // without a job ends at once.
      terminationGracePeriodSeconds: grace + 5
      containers: [
        {
          name: 'worker'
          image: image
          command: ['rq', 'worker', '-c', 'rqclock.rq_settings', '-w', 'rqclock.Worker', '-j', 'rqclock.Job']
          env: env
          volumeMounts: volumeMounts
          resources: {
            cpu: json('0.75')
            memory: '1.5Gi'
          }
        }
      ]
      volumes: volumes
      scale: {
        minReplicas: workers
        maxReplicas: workers
      }
    }
  }
}

resource web 'Microsoft.App/containerApps@2025-01-01' = {
  name: '${name}-web'
  location: location
  identity: identity
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: registries
      secrets: secrets
      ingress: {
        external: true
        targetPort: 5050
        transport: 'http'
        allowInsecure: false
      }
    }
    template: {
      terminationGracePeriodSeconds: 35
      containers: [
        {
          name: 'web'
          image: image
          command: ['gunicorn', '-c', 'python:rqclock.gunicorn_settings']
          env: env
          volumeMounts: volumeMounts
          resources: {
            cpu: json('0.25')
            memory: '0.5Gi'
          }
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/livez'
                port: 5050
              }
              periodSeconds: 3
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/livez'
                port: 5050
              }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/livez'
                port: 5050
              }
              periodSeconds: 5
              timeoutSeconds: 3
              failureThreshold: 3
            }
          ]
        }
      ]
      volumes: volumes
      // It judges "the clock is silent" as well, so one is always there.
      scale: {
        minReplicas: 1
        maxReplicas: 2
      }
    }
  }
}

// Run by deploy.sh before each deploy: it fails where the Redis would lose jobs.
resource release 'Microsoft.App/jobs@2025-01-01' = {
  name: '${name}-release'
  location: location
  identity: identity
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Manual'
      replicaTimeout: 300
      replicaRetryLimit: 1
      manualTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
      }
      registries: registries
      secrets: secrets
    }
    template: {
      containers: [
        {
          name: 'release'
          image: image
          command: ['sh', '-c', 'python -m rqclock doctor --before-deploy && python -m services.seed --tables-only']
          env: env
          volumeMounts: volumeMounts
          resources: {
            cpu: json('0.25')
            memory: '0.5Gi'
          }
        }
      ]
      volumes: volumes
    }
  }
}

output url string = 'https://${web.properties.configuration.ingress.fqdn}'
