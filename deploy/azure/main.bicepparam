using './main.bicep'

param name = 'clock'
param image = readEnvironmentVariable('IMAGE')

// An Azure registry, and a user-assigned identity that has AcrPull there:
// param registryServer = 'NAME.azurecr.io'
// param registryIdentity = '/subscriptions/…/userAssignedIdentities/NAME'

// All three together; Redis has no public address then:
// param network = {
//   appsSubnet: '/subscriptions/…/subnets/apps'
//   privateEndpointSubnet: '/subscriptions/…/subnets/endpoints'
//   redisDnsZone: '/subscriptions/…/privateDnsZones/privatelink.redis.azure.net'
// }

param oidcIssuer = 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0'
param oidcClientId = '00000000-0000-0000-0000-000000000000'
param admins = 'replace-me@example.org'
param support = ''
param viewers = ''
param alertEmail = ''
param alertFrom = ''

// Secrets come from the shell that deploys. Those with '' may be missing there.
param secretKey = readEnvironmentVariable('RQCLOCK_SECRET_KEY')
param databaseUrl = readEnvironmentVariable('DATABASE_URL')
param oidcClientSecret = readEnvironmentVariable('RQCLOCK_OIDC_CLIENT_SECRET', '')
param metricsToken = readEnvironmentVariable('RQCLOCK_METRICS_TOKEN', '')
param alertWebhook = readEnvironmentVariable('RQCLOCK_ALERT_WEBHOOK', '')
param alertSecret = readEnvironmentVariable('RQCLOCK_ALERT_SECRET', '')
param smtpUrl = readEnvironmentVariable('SMTP_URL', '')
param pingUrl = readEnvironmentVariable('RQCLOCK_PING_URL', '')
param sentryDsn = readEnvironmentVariable('SENTRY_DSN', '')
