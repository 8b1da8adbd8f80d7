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
#[cfg(feature = "sasl-scram")]
mod scram;

pub(super) use exchange::{Authenticated, Exchange, NextToken, TokenCarrier};
pub use mechanism::{CallerTokens, Mechanism, MechanismError, Plain, Reply, Secret, Token};
#[cfg(feature = "sasl-oauthbearer")]
pub use oauthbearer::OauthBearer;
#[cfg(feature = "sasl-scram")]
pub use scram::Scram;
