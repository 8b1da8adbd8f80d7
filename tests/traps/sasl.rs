//! Authentication.

use kafka_codec::connection::sasl::{Mechanism, OauthBearer, Reply};

#[test]
fn a_refused_token_takes_one_more_message_before_the_error() {
    let mut mechanism = OauthBearer::new("expired");
    assert!(matches!(mechanism.start(), Ok(Reply::Send(_))));
    let challenge = br#"{"status":"invalid_token"}"#;
    let Ok(Reply::Send(token)) = mechanism.respond(challenge) else {
        panic!("the broker waits for a byte");
    };
    assert_eq!(token.expose(), [1]);
    let error = mechanism.respond(b"").unwrap_err().to_string();
    assert!(error.contains("invalid_token"), "{error}");
}
