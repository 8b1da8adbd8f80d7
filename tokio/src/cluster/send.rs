//! Requests that one broker answers, or several: division by destination, attempts, and the merging of responses.

use std::fmt;

use futures_util::future::join_all;
use kafka_codec::connection::RawResponse;
use kafka_codec::messages::{FetchRequest, ProduceRequest};
use kafka_codec::wire::IntoOwned;
use kafka_codec::{
    ApiClass, ApiKey, DecodeError, Destination as Unit, ErrorCode, Request, Response,
    ResponseFrame, Routing, Version,
};

use super::attempts::{Attempts, can_retry};
use super::lookup::{Unknown, is_any, is_stale, nobody};
use super::{AttemptError, Cluster, ClusterError, Destination, Purpose};
use crate::SendError;

/// The answer to a request: the response of one broker, or those of several to its parts.
pub struct Answer<R: Request> {
    /// At least one.
    parts: Vec<Part<R>>,
}

/// The response of a broker to a part of a request.
#[derive(Clone)]
struct Part<R: Request> {
    broker: i32,
    frame: ResponseFrame<R>,
    error: Option<ErrorCode>,
}

impl<R: Request> Answer<R> {
    /// The response, which borrows the frames. Those of several brokers are [merged](Response::merge).
    ///
    /// # Errors
    ///
    /// As [`ResponseFrame::decode`].
    pub fn decode(&self) -> Result<R::Response<'_>, DecodeError> {
        let responses = self.parts.iter().map(|part| part.frame.decode());
        let responses: Vec<_> = responses.collect::<Result<_, _>>()?;
        let merged = Response::merge(responses);
        Ok(merged.expect("a broker answered"))
    }

    /// The response, detached from the frames as [`ResponseFrame::into_owned`] does.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn into_owned(self) -> Result<R::Response<'static>, DecodeError> {
        match &*self.parts {
            [part] => {
                let response = part.frame.decode()?;
                Ok(response.into_owned_in(part.frame.bytes()))
            }
            _ => self.decode().map(IntoOwned::into_owned),
        }
    }

    /// The id of each broker that answered, and its response. The id of a bootstrap server that is not known as a broker yet
    /// is below 0.
    pub fn parts(&self) -> impl Iterator<Item = (i32, &ResponseFrame<R>)> {
        self.parts.iter().map(|part| (part.broker, &part.frame))
    }

    /// The id of each broker in whose response there is an error, and the first error there.
    pub fn errors(&self) -> impl Iterator<Item = (i32, ErrorCode)> {
        let errors = self.parts.iter();
        errors.filter_map(|part| Some((part.broker, part.error?)))
    }
}

impl<R: Request> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

/// A request, or a part of one, that has no answer yet.
struct Pending<R: Request> {
    request: R,
    /// The broker that alone has the answer, if every broker is asked for its own.
    only: Option<i32>,
    /// An answer in which some of it failed, for when there is none that is better.
    partial: Option<Part<R>>,
}

impl<R: Request> Pending<R> {
    fn new(request: &R, only: Option<i32>) -> Self {
        Self {
            request: request.clone(),
            only,
            partial: None,
        }
    }

    /// Who is asked for each unit.
    fn units(&self, version: Version) -> Vec<Unit<'_>> {
        match self.only {
            Some(broker) => vec![Unit::Broker(broker)],
            None => self.request.destinations(version),
        }
    }
}

/// A response, and what to think of it.
struct Exchanged<R> {
    frame: ResponseFrame<R>,
    error: Option<ErrorCode>,
    verdict: Verdict,
    /// What is stale, unless the response itself says what is right.
    stale: Option<AttemptError>,
}

/// What the codes in a response say.
enum Verdict {
    /// The caller decides about what failed.
    Done,
    /// All failed, with this code first.
    Failed(ErrorCode),
    /// Some failed, and another broker may carry them out.
    Partial(ErrorCode),
}

/// The number of no broker: a unit nobody is known for.
const NOBODY: i32 = i32::MIN;

impl Cluster {
    /// Sends a request to the brokers that answer it: each partition's leader, the coordinator of each group or transactional
    /// id, the controller, the broker that it names, or any. It is [divided](Request::split) if these are several, and sent
    /// again after failures as [`send_to`](Self::send_to) does: only the parts that failed, to whoever answers them then. If
    /// some units of a part failed, and nothing is changed by asking again, the part is sent again too.
    ///
    /// ListGroups, ListTransactions and DescribeLogDirs are sent to [every broker](Routing::EveryBroker) that metadata names
    /// now; [`send_to_each`](Self::send_to_each) has the answers of those that could be asked, and [`send_to`](Self::send_to)
    /// that of one. A broker that the request is about but does not name otherwise, as in AlterReplicaLogDirs, has to be
    /// given: see [`Destination::Broker`]. Without, any broker answers for itself.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] has every attempt, and the brokers that carried out their part.
    pub async fn send<R: Request>(&self, request: &R) -> Result<Answer<R>, ClusterError> {
        let mut attempts = Attempts::new(R::KEY, self.0.options.deadline);
        let mut answer = Answer { parts: Vec::new() };
        let mut pending = match R::KEY.routing() {
            Some(Routing::EveryBroker) => {
                let brokers = match self.current_brokers(&mut attempts).await {
                    Ok(brokers) => brokers,
                    Err(end) => return Err(attempts.into_error(end)),
                };
                let each = brokers.into_iter();
                each.map(|id| Pending::new(request, Some(id))).collect()
            }
            _ => vec![Pending::new(request, None)],
        };
        // A version that has the fields with the units.
        let mut versions = R::VERSIONS.into_iter().rev();
        let version = versions.find(|version| !request.destinations(*version).is_empty());
        loop {
            pending = self
                .round(pending, version, &mut answer, &mut attempts)
                .await;
            if pending.is_empty() {
                return Ok(answer);
            }
            if let Err(end) = attempts.next(&self.0.options).await {
                let partial = pending.into_iter().map(|it| it.partial);
                let Some(partial) = partial.collect::<Option<Vec<_>>>() else {
                    return Err(attempts.into_error(end));
                };
                answer.parts.extend(partial);
                return Ok(answer);
            }
        }
    }

    /// Sends each pending request to the brokers of its units, and returns what has no answer.
    async fn round<R: Request>(
        &self,
        pending: Vec<Pending<R>>,
        version: Option<Version>,
        answer: &mut Answer<R>,
        attempts: &mut Attempts,
    ) -> Vec<Pending<R>> {
        let any = self.any();
        let parts = match version {
            Some(version) => self.divide(pending, version, any, attempts).await,
            None => pending.into_iter().map(|it| (any, it)).collect(),
        };
        let (sent, mut left): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(broker, _)| *broker != NOBODY);
        let exchanges = sent
            .iter()
            .map(|(broker, part)| self.exchange(*broker, &part.request, attempts));
        let results = join_all(exchanges).await;
        for ((broker, mut part), result) in sent.into_iter().zip(results) {
            let units = version.map(|version| part.units(version));
            let has_choice = units.iter().flatten().all(is_any);
            let learn = |error: Option<&AttemptError>| {
                if let Some(error) = error {
                    for unit in units.iter().flatten() {
                        self.learn(unit, error);
                    }
                }
            };
            let error = match result {
                Ok(exchanged) => {
                    learn(exchanged.stale.as_ref());
                    let answered = Part {
                        broker,
                        frame: exchanged.frame,
                        error: exchanged.error,
                    };
                    match exchanged.verdict {
                        Verdict::Done => {
                            attempts.answered(broker);
                            answer.parts.push(answered);
                            continue;
                        }
                        Verdict::Partial(code) => {
                            part.partial = Some(answered);
                            AttemptError::Code(code)
                        }
                        Verdict::Failed(code) => AttemptError::Code(code),
                    }
                }
                Err(error) => {
                    learn(Some(&error));
                    error
                }
            };
            match has_choice {
                true => attempts.failed(Some(broker), error),
                false => attempts.failed_at_sole(broker, error),
            }
            left.push((broker, part));
        }
        left.into_iter().map(|(_, part)| part).collect()
    }

    /// Divides requests by the brokers of their units, after asking for those that are not known.
    async fn divide<R: Request>(
        &self,
        pending: Vec<Pending<R>>,
        version: Version,
        any: i32,
        attempts: &mut Attempts,
    ) -> Vec<(i32, Pending<R>)> {
        let broker_of = |unit: &Unit<'_>| match unit {
            unit if is_any(unit) => Some(any),
            unit => self.known(unit),
        };
        let units = || {
            let units = pending.iter();
            units.flat_map(|it| it.units(version))
        };
        let mut unknown = Unknown::default();
        let mut is_whole = true;
        for unit in units().filter(|unit| broker_of(unit).is_none()) {
            is_whole = false;
            unknown.push(unit);
        }
        if !is_whole {
            let failed = self.look_up_within(unknown, attempts.deadline()).await;
            // Of several without a broker the first is reported.
            let lost = units().find(|unit| broker_of(unit).is_none());
            match lost {
                Some(unit) if failed.is_empty() => attempts.failed(None, nobody(&unit)),
                _ => {
                    for (broker, error) in failed {
                        attempts.failed(broker, error);
                    }
                }
            }
        }
        let mut parts = Vec::new();
        for whole in pending {
            if let Some(id) = whole.only {
                let broker = broker_of(&Unit::Broker(id)).unwrap_or(NOBODY);
                parts.push((broker, whole));
                continue;
            }
            let Pending {
                request, partial, ..
            } = whole;
            let divided = request.split(version, |unit| broker_of(&unit).unwrap_or(NOBODY));
            let is_one = divided.len() == 1;
            parts.extend(divided.into_iter().map(|(broker, request)| {
                let partial = partial.clone().filter(|_| is_one);
                let only = None;
                let part = Pending {
                    request,
                    only,
                    partial,
                };
                (broker, part)
            }));
        }
        parts
    }

    /// Sends a request to a destination, and again after failures as long as that is safe and the deadline is not over.
    ///
    /// An answer in which all error codes can be retried counts as a failure; any other is returned, its errors included.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] has every attempt: whom it was for, how far it got, and how it failed.
    pub async fn send_to<R: Request>(
        &self,
        destination: Destination,
        request: &R,
    ) -> Result<ResponseFrame<R>, ClusterError> {
        let mut attempts = Attempts::new(R::KEY, self.0.options.deadline);
        loop {
            if let Some(response) = self.attempt(&destination, request, &mut attempts).await {
                return Ok(response);
            }
            if let Err(end) = attempts.next(&self.0.options).await {
                return Err(attempts.into_error(end));
            }
        }
    }

    /// One attempt. Its failure is among `attempts`.
    async fn attempt<R: Request>(
        &self,
        destination: &Destination,
        request: &R,
        attempts: &mut Attempts,
    ) -> Option<ResponseFrame<R>> {
        let unit = destination.unit();
        let broker = match self.resolve(destination, attempts.deadline()).await {
            Ok(broker) => broker,
            Err((broker, error)) => {
                attempts.failed(broker, error);
                return None;
            }
        };
        let error = match self.exchange(broker, request, attempts).await {
            Ok(exchanged) => {
                if let Some(error) = exchanged.stale {
                    self.learn(&unit, &error);
                }
                match exchanged.verdict {
                    Verdict::Failed(code) => AttemptError::Code(code),
                    Verdict::Done | Verdict::Partial(_) => return Some(exchanged.frame),
                }
            }
            Err(error) => {
                self.learn(&unit, &error);
                error
            }
        };
        match is_any(&unit) {
            true => attempts.failed(Some(broker), error),
            false => attempts.failed_at_sole(broker, error),
        }
        None
    }

    /// One exchange with a broker.
    async fn exchange<R: Request>(
        &self,
        broker: i32,
        request: &R,
        attempts: &Attempts,
    ) -> Result<Exchanged<R>, AttemptError> {
        let (purpose, deadline) = (Purpose::of(R::KEY), attempts.deadline());
        let connection = self.connection_by(broker, purpose, deadline).await;
        let pass_over = || {
            if let Some(address) = self.address(broker) {
                self.pass_over(address);
            }
        };
        let connection = connection.inspect_err(|_| pass_over())?;
        let options = attempts.submit_options();
        let encoded = connection.encode(request, options);
        let encoded = encoded.map_err(AttemptError::Send)?;
        let sent = connection.send_encoded(&encoded, options).await;
        let (response, _) = sent.map_err(|error| {
            if let SendError::Failed(_) = &error {
                pass_over();
            }
            AttemptError::Send(error)
        })?;
        let codes = response.error_codes().map_err(AttemptError::Decode)?;
        let codes = codes.unwrap_or_default();
        let error = codes.iter().copied().find(|code| !code.is_none());
        // Not the first error: others may be beside it.
        let stale = codes.iter().copied().find(|code| is_stale(*code));
        let stale = stale.filter(|_| !self.take_leaders(broker, &response));
        let response = connection.typed(response).map_err(AttemptError::Send)?;
        Ok(Exchanged {
            frame: response,
            error,
            verdict: judge(R::KEY, &codes),
            stale: stale.map(AttemptError::Code),
        })
    }

    /// Takes the leaders that a Fetch or Produce response of the broker `asked` names where partitions have moved. Returns
    /// `true` if each of these partitions has a leader now that is not that broker.
    fn take_leaders(&self, asked: i32, response: &RawResponse) -> bool {
        match response.label().api_key {
            ApiKey::Fetch => {
                let frame = response.clone().into_typed::<FetchRequest<'_>>().ok();
                let decoded = frame.as_ref().and_then(|frame| frame.decode().ok());
                decoded.is_some_and(|response| self.view().take_moved_of_fetch(asked, &response))
            }
            ApiKey::Produce => {
                let frame = response.clone().into_typed::<ProduceRequest<'_>>().ok();
                let decoded = frame.as_ref().and_then(|frame| frame.decode().ok());
                decoded.is_some_and(|response| self.view().take_moved(asked, &response))
            }
            _ => false,
        }
    }
}

fn judge(key: ApiKey, codes: &[ErrorCode]) -> Verdict {
    let mut errors = codes.iter().copied().filter(|code| !code.is_none());
    let Some(first) = errors.next() else {
        return Verdict::Done;
    };
    let are_retriable = codes
        .iter()
        .all(|code| code.is_none() || can_retry(key, *code));
    let is_whole = codes.iter().all(|code| !code.is_none());
    // Records are not fetched twice for the sake of others.
    let is_harmless = key.is_read_only() && key.class() != Some(ApiClass::Data);
    let is_elsewhere = !matches!(
        key.routing(),
        None | Some(Routing::AnyBroker | Routing::SpecificBroker | Routing::EveryBroker)
    );
    match are_retriable {
        true if is_whole => Verdict::Failed(first),
        true if is_harmless && is_elsewhere => Verdict::Partial(first),
        _ => Verdict::Done,
    }
}
