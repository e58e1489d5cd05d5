using './main.bicep'

param name = 'clock'
param image = 'images.example.org/rqclock-sample:1'
param secretKey = readEnvironmentVariable('RQCLOCK_SECRET_KEY')
param databaseUrl = readEnvironmentVariable('DATABASE_URL')
param oidcIssuer = 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0'
param oidcClientId = '00000000-0000-0000-0000-000000000000'
param oidcClientSecret = readEnvironmentVariable('RQCLOCK_OIDC_CLIENT_SECRET')
param admins = 'replace-me@example.org'
