//! The client's connection to a broker: one of kafka-codec-tokio. Versions, SASL, correlation and frames are there.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::sasl::{Mechanism, MechanismError, Reply, Token};
use kafka_codec::connection::{
    CloseReason, CloseReport, ConnectionOptions, SubmitError, TimeoutFrom,
};
use kafka_codec::records::{BuildError, RecordsError};
use kafka_codec::{ApiKey, DecodeError, VersionError};
use kafka_codec_tokio::{ConnectError, Connection, Options, Sasl, SendError};
use parking_lot::Mutex;
use rsasl::config::SASLConfig;
use rsasl::prelude::{Mechname, SASLClient, SASLError, Session};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::client::SaslConfig;
use crate::protocol::messages::RequestBody;

/// A connection to a broker, on which requests are pipelined.
pub struct Messenger<RW> {
    connection: Connection,
    stream: PhantomData<fn() -> RW>,
}

impl<RW> fmt::Debug for Messenger<RW> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Messenger")
            .field(&self.connection.broker())
            .finish()
    }
}

#[derive(Error, Debug)]
#[non_exhaustive]
pub enum RequestError {
    #[error("{api_key} is not supported by both sides")]
    NoVersionMatch { api_key: ApiKey },

    #[error("{0}")]
    Send(SendError),

    #[error("{0}")]
    Decode(#[from] DecodeError),

    #[error("{0}")]
    ReadRecords(#[from] RecordsError),

    #[error("{0}")]
    WriteRecords(#[from] BuildError),

    #[error("{0}")]
    IO(#[from] std::io::Error),

    /// The connection is closed: the error says why, and how far this request had got.
    #[error("{0}")]
    Poisoned(Arc<RequestError>),
}

impl From<SendError> for RequestError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Submit(SubmitError::Version(
                VersionError::ApiUnknownToBroker { key }
                | VersionError::ApiUnknownToUs { key }
                | VersionError::NoCommonVersion { key, .. },
            )) => Self::NoVersionMatch { api_key: key },
            error if error.is_closed() => Self::Poisoned(Arc::new(Self::Send(error))),
            error => Self::Send(error),
        }
    }
}

#[derive(Error, Debug)]
#[non_exhaustive]
pub enum SyncVersionsError {
    #[error("{0}")]
    Closed(ConnectError),
}

#[derive(Error, Debug)]
#[non_exhaustive]
pub enum SaslError {
    #[error("{0}")]
    Closed(Arc<CloseReport>),

    #[error("Invalid SASL config: {0}")]
    InvalidConfig(#[from] SASLError),

    #[error("Error in user defined callback: {0}")]
    Callback(Box<dyn std::error::Error + Send + Sync>),
}

impl<RW> Messenger<RW>
where
    RW: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    /// Returns when requests can be sent: with the broker's versions known, and authenticated.
    pub async fn open(
        broker: String,
        stream: RW,
        max_message_size: usize,
        client_id: Arc<str>,
        sasl: Option<SaslConfig>,
    ) -> Result<Self, crate::connection::Error> {
        let connection = ConnectionOptions::new("")
            .with_client_id(client_id)
            .with_software(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .with_max_frame_bytes(max_message_size)
            // The client has no limits of its own.
            .with_max_in_flight(usize::from(u16::MAX))
            .with_request_timeout(Duration::from_secs(24 * 60 * 60), TimeoutFrom::Written);
        let mut options = Options::default()
            .with_connection(connection)
            .with_max_requests(usize::from(u16::MAX));
        if let Some(sasl) = sasl {
            options = options.with_sasl(mechanism(&sasl).await?);
        }
        match Connection::over(broker, stream, &options).await {
            Ok(connection) => Ok(Self {
                connection,
                stream: PhantomData,
            }),
            Err(ConnectError::Closed(report))
                if matches!(report.reason, CloseReason::Authentication(_)) =>
            {
                Err(SaslError::Closed(report).into())
            }
            Err(error) => Err(SyncVersionsError::Closed(error).into()),
        }
    }

    pub async fn request<R: RequestBody>(&self, msg: R) -> Result<R::ResponseBody, RequestError> {
        let response = self.connection.send(&msg.to_wire()?).await?;
        R::read(response.decode()?)
    }
}

/// The mechanism of the client's SASL library, as one of the connection's.
async fn mechanism(sasl: &SaslConfig) -> Result<Sasl, SaslError> {
    let name: Box<str> = sasl.mechanism().into();
    let config = sasl.get_sasl_config().await?;
    Ok(Sasl::mechanism(move || {
        Box::new(Library {
            name: name.clone(),
            config: config.clone(),
            session: Mutex::new(None),
        })
    }))
}

struct Library {
    name: Box<str>,
    config: Arc<SASLConfig>,
    session: Mutex<Option<Session>>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Library").field(&self.name).finish()
    }
}

impl Library {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Reply, MechanismError> {
        // None when the mechanism has nothing left to say, and the broker accepts it.
        let Some(session) = self.session.get_mut() else {
            return Ok(Reply::Done);
        };
        let mut token = Vec::new();
        let state = session.step(challenge, &mut token).map_err(describe)?;
        if state.is_finished() {
            *self.session.get_mut() = None;
        }
        Ok(match state.has_sent_message() {
            true => Reply::Send(Token::from(token)),
            false => Reply::Done,
        })
    }
}

impl Mechanism for Library {
    fn name(&self) -> &str {
        &self.name
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        let name = Mechname::parse(self.name.as_bytes()).map_err(describe)?;
        let client = SASLClient::new(Arc::clone(&self.config));
        *self.session.get_mut() = Some(client.start_suggested(&[name]).map_err(describe)?);
        self.step(None)
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError> {
        self.step(Some(challenge))
    }
}

fn describe(error: impl fmt::Display) -> MechanismError {
    MechanismError::new(error.to_string())
}
