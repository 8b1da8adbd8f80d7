//! The captures to read, and what of them: options that all commands over captures share.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use kafka_capture::input::{Input, InputError, Packets};
use kafka_capture::output::{Filter, Sink};
use kafka_capture::{Counts, Decoder, TopicNames, is_known_link_type};
use kafka_codec::ApiKey;

use super::exit::{Failure, Faults};
use super::progress::Progress;

/// Captures, and which connections and messages of them.
#[derive(Args)]
pub(super) struct InputOptions {
    /// Captures, read in the order of their first packets; - is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Only messages of this API, by any of its names or by number; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = api, value_delimiter = ',')]
    api: Vec<ApiKey>,

    /// Only messages of clients that call themselves this; may be given more than once
    #[arg(long, value_name = "ID")]
    client_id: Vec<String>,

    /// Only connections with this end: an address, a port or both; or with both ends, as "A:P -> B:P"
    #[arg(long, value_name = "END")]
    conn: Vec<String>,

    /// Look only at connections to this port, and take them for Kafka; may be given more than once
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<u16>,

    /// Decompress no file and no batch of records to more than so many bytes (default: a file to 1 GiB and a thousand
    /// times its size, a batch to 128 MiB)
    #[arg(long, value_name = "BYTES")]
    max_decompressed: Option<u64>,

    /// Names of topics by id: what kafka-topics --describe prints, or JSON; may be given more than once
    #[arg(long, value_name = "FILE")]
    topics: Vec<PathBuf>,

    /// Decrypt TLS with the secrets of this key log (SSLKEYLOGFILE's format); may be given more than once
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE")]
    keylog: Vec<PathBuf>,
}

/// What packets are decoded into.
pub(super) trait Target: Sink {
    /// Takes note of the time of a packet, before its events.
    fn packet(&mut self, time: i64) {
        let _ = time;
    }

    /// More has to be waited for.
    fn waits(&mut self) {}

    /// Whether nothing more is wanted.
    fn is_done(&self) -> bool {
        false
    }
}

fn api(name: &str) -> Result<ApiKey, String> {
    if let Ok(number) = name.parse() {
        return Ok(ApiKey::from_number(number));
    }
    name.parse()
        .map_err(|error: kafka_codec::ParseApiKeyError| error.to_string())
}

impl InputOptions {
    /// Which events are wanted.
    pub(super) fn filter(&self, errors: bool) -> Filter {
        Filter {
            apis: self.api.clone(),
            client_ids: self.client_id.clone(),
            connections: self.conn.clone(),
            errors,
        }
    }

    /// To how much may be decompressed.
    pub(super) const fn max_decompressed(&self) -> Option<u64> {
        self.max_decompressed
    }

    /// The files, in order.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Decodes all captures. What cannot be read is added to `faults`.
    pub(super) fn decode(
        &self,
        progress: &Progress,
        faults: &mut Faults<'_>,
        target: &mut dyn Target,
    ) -> (Counts, TopicNames) {
        let mut decoder = Decoder::new(self.port.clone());
        if let Err(failure) = self.prepare(&mut decoder) {
            faults.add(failure);
            return decoder.finish_with_topics(target);
        }
        for file in in_order(&self.files) {
            if let Err(error) = read(file, self.max_decompressed, progress, &mut decoder, target) {
                faults.add(error.into());
            }
            if target.is_done() {
                break;
            }
        }
        decoder.finish_with_topics(target)
    }

    /// Reads what the user knows of topics and of TLS secrets.
    fn prepare(&self, decoder: &mut Decoder) -> Result<(), Failure> {
        let fault = |file: &Path, error: &dyn std::fmt::Display| {
            Failure::State(file.display().to_string(), error.to_string())
        };
        for file in &self.topics {
            let text = std::fs::read_to_string(file).map_err(|error| fault(file, &error))?;
            let read = decoder.topics().read(&text);
            read.map_err(|error| fault(file, &error))?;
        }
        #[cfg(feature = "tls")]
        for file in &self.keylog {
            let report = decoder.secrets().read(file);
            let report = report.map_err(|error| fault(file, &error))?;
            let name = file.display();
            for fault in &report.faults {
                eprintln!("kafka-capture: {name}: {fault}");
            }
            if report.more_faults > 0 {
                let more = report.more_faults;
                eprintln!("kafka-capture: {name}: {more} more malformed lines");
            }
            if report.secrets == 0 {
                eprintln!("kafka-capture: {name}: no TLS secrets in it");
            }
        }
        Ok(())
    }

    /// Adds a fault if there was nothing of Kafka, and nothing else is wrong.
    pub(super) fn expect_kafka(&self, counts: &Counts, faults: &mut Faults<'_>) {
        if faults.is_none() && !counts.has_kafka() {
            let hint = if self.port.is_empty() {
                "no connection begins like Kafka; TLS is decoded with --keylog; --port takes a connection for Kafka"
            } else {
                "there is no connection to the ports given, or what is said on it is something else"
            };
            faults.add(Failure::NothingKafka(hint.to_owned()));
        }
    }
}

/// The files in the order of the times of their first packets: those of a capture that was rotated may be given in
/// any order. Files without packets, and those that cannot be read, come first.
fn in_order(files: &[PathBuf]) -> Vec<&PathBuf> {
    let mut ordered: Vec<_> = files.iter().collect();
    // What is not a file can be read only once.
    let are_files = files.iter().all(|file| file.is_file());
    if files.len() > 1 && are_files {
        ordered.sort_by_cached_key(|file| first_time(file));
    }
    ordered
}

fn first_time(file: &Path) -> Option<i64> {
    let input = Input::open(file, |bytes, _| bytes).ok()?;
    let mut time = None;
    let mut packets = Packets::new(input).ok()?;
    let read = packets.for_each(
        |packet| {
            time = Some(packet.time);
            ControlFlow::Break(())
        },
        || {},
    );
    // What is wrong with it is reported when it is its turn.
    drop(read);
    time
}

/// Decodes all packets of a capture.
fn read(
    file: &Path,
    max_unpacked: Option<u64>,
    progress: &Progress,
    decoder: &mut Decoder,
    target: &mut dyn Target,
) -> Result<(), InputError> {
    let watch = |bytes, length| progress.watch(bytes, length);
    let input = Input::open_with_max_unpacked(file, watch, max_unpacked)?;
    let packets = Packets::new(input)?;
    #[cfg(feature = "tls")]
    let packets = packets.with_secrets(decoder.secrets().clone());
    let mut packets = packets;
    let name = packets.name().to_owned();
    let (mut is_any_known, mut unknown) = (false, None);
    let target = RefCell::new(target);
    packets.for_each(
        |packet| {
            if is_known_link_type(packet.link_type) {
                is_any_known = true;
            } else {
                unknown = Some(packet.link_type);
            }
            let mut target = target.borrow_mut();
            target.packet(packet.time);
            decoder.packet(&packet, &mut **target);
            if target.is_done() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
        // What is decoded shows before more is waited for.
        || target.borrow_mut().waits(),
    )?;
    match unknown {
        Some(link_type) if !is_any_known => Err(InputError::UnknownLinkType { name, link_type }),
        _ => Ok(()),
    }
}
