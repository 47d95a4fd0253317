//! Credentials: a set as it is written becomes a list of what is sent.

use super::text::{signed, text};
use crate::capability::{AwsSigV4, ClientAuthentication, Credential, Grant, OAuth2, Text};
use crate::definition::{
    AwsSigV4Definition, ClientAuthenticationDefinition, CombinationDefinition, GrantDefinition, OAuth2Definition,
    Template,
};

pub(super) fn credentials(combination: &CombinationDefinition) -> Vec<Credential> {
    let bearer = combination.bearer.iter().map(|token| Credential::Bearer(text(token)));
    let basic = combination
        .basic
        .iter()
        .map(|basic| Credential::Basic { username: text(&basic.username), password: text(&basic.password) });
    let header =
        combination.header.iter().map(|(name, value)| Credential::Header { name: name.clone(), value: signed(value) });
    let query =
        combination.query.iter().map(|(name, value)| Credential::Query { name: name.clone(), value: signed(value) });
    let cookie =
        combination.cookie.iter().map(|(name, value)| Credential::Cookie { name: name.clone(), value: text(value) });
    let oauth2 = combination.oauth2.iter().map(|it| Credential::OAuth2(Box::new(oauth2(it))));
    let aws = combination.aws_sigv4.iter().map(|it| Credential::AwsSigV4(Box::new(aws_sigv4(it))));
    bearer.chain(basic).chain(header).chain(query).chain(cookie).chain(oauth2).chain(aws).collect()
}

fn oauth2(definition: &OAuth2Definition) -> OAuth2 {
    OAuth2 {
        grant: grant(definition.grant),
        token: optional(definition.token.as_ref()),
        token_url: optional(definition.token_url.as_ref()),
        authorization_url: optional(definition.authorization_url.as_ref()),
        device_authorization_url: optional(definition.device_authorization_url.as_ref()),
        issuer: optional(definition.issuer.as_ref()),
        client_id: text(&definition.client_id),
        client_secret: optional(definition.client_secret.as_ref()),
        refresh_token: optional(definition.refresh_token.as_ref()),
        client_authentication: definition.client_authentication.map(client_authentication),
        scopes: definition.scopes.clone(),
        parameters: definition.parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        resource: optional(definition.resource.as_ref()),
    }
}

fn aws_sigv4(definition: &AwsSigV4Definition) -> AwsSigV4 {
    AwsSigV4 {
        region: text(&definition.region),
        service: text(&definition.service),
        access_key_id: text(&definition.access_key_id),
        secret_access_key: text(&definition.secret_access_key),
        session_token: optional(definition.session_token.as_ref()),
    }
}

fn optional(template: Option<&Template>) -> Option<Text> {
    template.map(text)
}

fn grant(grant: GrantDefinition) -> Grant {
    match grant {
        GrantDefinition::ClientCredentials => Grant::ClientCredentials,
        GrantDefinition::AuthorizationCode => Grant::AuthorizationCode,
        GrantDefinition::RefreshToken => Grant::RefreshToken,
        GrantDefinition::DeviceCode => Grant::DeviceCode,
    }
}

fn client_authentication(authentication: ClientAuthenticationDefinition) -> ClientAuthentication {
    match authentication {
        ClientAuthenticationDefinition::Basic => ClientAuthentication::Basic,
        ClientAuthenticationDefinition::Post => ClientAuthentication::Post,
        ClientAuthenticationDefinition::None => ClientAuthentication::None,
    }
}
