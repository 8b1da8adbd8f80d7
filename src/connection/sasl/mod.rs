//! Proving to the broker who the client is: the mechanisms, and what carries their tokens.
//!
//! | mechanism | feature |
//! |---|---|
//! | [`Plain`] | |
//! | [`Scram`], SHA-256 and SHA-512 | `sasl-scram` |
//! | [`OauthBearer`] | `sasl-oauthbearer` |
//! | any, with tokens that the caller provides: [`CallerTokens`] | |
//! | others: implement [`Mechanism`] | |

mod exchange;
mod mechanism;
#[cfg(feature = "sasl-oauthbearer")]
mod oauthbearer;
mod plain;
#[cfg(feature = "sasl-scram")]
mod scram;

pub(super) use exchange::{Authenticated, Exchange, NextToken, TokenCarrier};
pub use mechanism::{CallerTokens, Mechanism, MechanismError, Reply, Secret, Token};
#[cfg(feature = "sasl-oauthbearer")]
pub use oauthbearer::OauthBearer;
pub use plain::Plain;
#[cfg(feature = "sasl-scram")]
pub use scram::Scram;
