//! The captures to read, and what of them: options that all commands over captures share.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use kafka_capture::input::{Input, Packets};
use kafka_capture::output::{Filter, Passed, Sink, escape_text};
use kafka_capture::{Counts, Decoder, TopicNames};
use kafka_codec::ApiKey;

use super::exit::{Failure, Faults};
use super::live::Live;
use super::merge::{Merge, Source};
use super::progress::Progress;
use super::when::When;
use super::window::Window;

/// Captures, and which connections and messages of them.
#[derive(Args)]
pub(super) struct InputOptions {
    /// Captures; several files are merged by the times of their packets; - is the standard input
    #[arg(
        required_unless_present = "interface",
        conflicts_with = "interface",
        value_name = "FILE"
    )]
    files: Vec<PathBuf>,

    /// Capture on this network interface, with dumpcap or tcpdump, until Ctrl-C
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,

    /// Only messages of this API, by any of its names or by number; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = api, value_delimiter = ',')]
    api: Vec<ApiKey>,

    /// Only messages of clients that call themselves this; may be given more than once
    #[arg(long, value_name = "ID")]
    client_id: Vec<String>,

    /// Only messages about this topic, by name or id, and their responses; may be given more than once
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    topic: Vec<String>,

    /// Only messages about this group, and their responses; may be given more than once
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    group: Vec<String>,

    /// Only clients with this SASL user, where PLAIN or SCRAM name one; may be given more than once
    #[arg(long, value_name = "NAME")]
    user: Vec<String>,

    /// Only clients whose software has this name, such as apache-kafka-java; may be given more than once
    #[arg(long, value_name = "NAME")]
    software: Vec<String>,

    /// Only what was captured from here on: RFC 3339, or relative to the first (10s) or last packet (-5s)
    #[arg(long, value_name = "TIME", value_parser = when, allow_hyphen_values = true)]
    from: Option<When>,

    /// Only what was captured up to here, as if the capture ended then: as --from
    #[arg(long, value_name = "TIME", value_parser = when, allow_hyphen_values = true)]
    to: Option<When>,

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

    /// Returns `true` if nothing more is wanted.
    fn is_done(&self) -> bool {
        false
    }
}

fn when(text: &str) -> Result<When, &'static str> {
    text.parse()
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
            topics: self.topic.clone(),
            groups: self.group.clone(),
            users: self.user.clone(),
            software: self.software.clone(),
            errors,
        }
    }

    /// Returns `true` if not all messages are asked for.
    pub(super) fn has_filters(&self, errors: bool) -> bool {
        let Filter {
            apis,
            client_ids,
            connections,
            topics,
            groups,
            users,
            software,
            errors,
        } = self.filter(errors);
        let lists = [client_ids, connections, topics, groups, users, software];
        let is_windowed = self.from.is_some() || self.to.is_some();
        errors || is_windowed || !apis.is_empty() || lists.iter().any(|list| !list.is_empty())
    }

    /// To how much may be decompressed.
    pub(super) const fn max_decompressed(&self) -> Option<u64> {
        self.max_decompressed
    }

    /// What the packets are from, in a few words.
    #[cfg(feature = "top")]
    pub(super) fn name(&self) -> String {
        if let Some(interface) = &self.interface {
            return interface.clone();
        }
        let names = self.files.iter().map(|file| {
            let name = file.file_name().unwrap_or_default();
            if file.as_os_str() == "-" {
                "standard input".to_owned()
            } else {
                name.to_string_lossy().into_owned()
            }
        });
        names.collect::<Vec<_>>().join(" ")
    }

    /// The only file; `None` if there are more, or if it can be read only once.
    #[cfg(feature = "analysis")]
    pub(super) fn only_file(&self) -> Option<&Path> {
        match self.files.as_slice() {
            [file] if file.is_file() => Some(file),
            _ => None,
        }
    }

    /// The files, in order.
    #[cfg(feature = "analysis")]
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// All files that are read: captures, names of topics and TLS secrets.
    #[cfg(feature = "analysis")]
    pub(super) fn all_files(&self) -> impl Iterator<Item = &Path> {
        let files = self.files.iter().chain(&self.topics);
        #[cfg(feature = "tls")]
        let files = files.chain(&self.keylog);
        files.map(PathBuf::as_path)
    }

    /// The names of the captures, as people know them.
    #[cfg(feature = "report")]
    pub(super) fn names(&self) -> Vec<String> {
        let files = self.files.iter().map(|file| {
            let name = file.file_name().unwrap_or(file.as_os_str());
            name.to_string_lossy().into_owned()
        });
        files.chain(self.interface.clone()).collect()
    }

    /// Returns `true` if the captures can be read more than once, since all packets are in files and none is yet to come.
    #[cfg(feature = "top")]
    pub(super) fn are_files(&self) -> bool {
        self.interface.is_none() && are_on_disk(&self.files)
    }

    /// Decodes all captures. What cannot be read is added to `faults`.
    pub(super) fn decode(
        &self,
        progress: &Progress,
        faults: &mut Faults<'_>,
        target: &mut dyn Target,
    ) -> (Counts, TopicNames) {
        let mut decoder = Decoder::new(self.port.clone());
        if let Some(bytes) = self.max_decompressed {
            decoder.set_max_decompressed(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        if let Err(failure) = self.prepare(&mut decoder, faults.is_silent()) {
            faults.add(failure);
            return decoder.finish_with_topics(target);
        }
        let last = match self.last_packet() {
            Ok(last) => last,
            Err(failure) => {
                faults.add(failure);
                return decoder.finish_with_topics(target);
            }
        };
        let mut window = Window::new(target, self.from, self.to, last);
        if let Some(interface) = &self.interface {
            if let Err(failure) = self.listen(interface, &mut decoder, &mut window) {
                faults.add(failure);
            }
            return decoder.finish_with_topics(&mut window);
        }
        let open = |file: &Path| {
            if file.is_dir() {
                return Err(Failure::directory(file, "pcap*"));
            }
            let watch = |bytes, length| progress.watch(bytes, length);
            let input = Input::open_with_max_unpacked(file, watch, self.max_decompressed);
            input.map_err(Failure::from)
        };
        if self.files.len() > 1 && are_on_disk(&self.files) {
            Merge::new(&self.files).read(open, &mut decoder, &mut window, faults);
            return decoder.finish_with_topics(&mut window);
        }
        for file in &self.files {
            let read = open(file).and_then(|input| {
                Ok(Source::new(input, &decoder)?.read(&mut decoder, &mut window)?)
            });
            if let Err(failure) = read {
                faults.add(failure);
            }
            if window.is_done() {
                break;
            }
        }
        decoder.finish_with_topics(&mut window)
    }

    /// Decodes what is captured until the user ends it.
    fn listen(
        &self,
        interface: &str,
        decoder: &mut Decoder,
        target: &mut dyn Target,
    ) -> Result<(), Failure> {
        let (live, bytes) = Live::begin(interface, &self.port)?;
        let read = Input::new(interface.to_owned(), bytes)
            .and_then(|input| Source::new(input, decoder)?.read(decoder, target));
        let is_interrupted = live.is_interrupted();
        let is_read = read.is_ok() && !target.is_done();
        let ended = live.end(is_read);
        match read {
            // The last packet may be cut off then.
            Err(error) if !is_interrupted => Err(error.into()),
            _ => ended.map_or(Ok(()), Err),
        }
    }

    /// The time of the last packet, if that is asked for.
    fn last_packet(&self) -> Result<Option<i64>, Failure> {
        let is_relative = |when: &Option<When>| matches!(when, Some(When::BeforeEnd(_)));
        if !is_relative(&self.from) && !is_relative(&self.to) {
            return Ok(None);
        }
        if self.interface.is_some() || self.files.iter().any(|file| file.as_os_str() == "-") {
            let (option, why) = ("--from and --to", "the end of a live capture is not known");
            return Err(Failure::State(option.to_owned(), why.to_owned()));
        }
        let mut last = None;
        // Directories are reported when it is their turn to be decoded.
        for file in self.files.iter().filter(|file| !file.is_dir()) {
            let watch = |bytes, _| bytes;
            let input = Input::open_with_max_unpacked(file, watch, self.max_decompressed)?;
            let read = Packets::new(input)?.for_each(
                |packet| {
                    last = last.max(Some(packet.time));
                    ControlFlow::Continue(())
                },
                || {},
            );
            // Its faults are reported when it is decoded.
            drop(read);
        }
        Ok(last)
    }

    /// Reads what the user knows of topics and of TLS secrets.
    fn prepare(&self, decoder: &mut Decoder, is_silent: bool) -> Result<(), Failure> {
        #[cfg(not(feature = "tls"))]
        let _ = is_silent;
        for file in &self.topics {
            let fault = |error: &dyn std::fmt::Display| {
                Failure::State(format!("--topics {}", file.display()), error.to_string())
            };
            let text = std::fs::read(file).map_err(|error| fault(&error))?;
            let text = String::from_utf8(text).map_err(|_| fault(&"the file is not UTF-8"))?;
            let read = decoder.topics().read(&text);
            read.map_err(|error| fault(&error))?;
        }
        #[cfg(feature = "tls")]
        for file in &self.keylog {
            // While it is captured, clients go on to log secrets.
            let report = if self.interface.is_some() {
                decoder.secrets().follow(file)
            } else {
                decoder.secrets().read(file)
            };
            let report = report.map_err(|error| {
                Failure::State(format!("--keylog {}", file.display()), error.to_string())
            })?;
            if is_silent {
                continue;
            }
            let name = file.display();
            for fault in &report.faults {
                eprintln!("kafka-capture: {name}: {fault}");
            }
            if report.more_faults > 0 {
                let more = report.more_faults;
                let lines = if more == 1 { "line" } else { "lines" };
                eprintln!("kafka-capture: {name}: {more} more malformed {lines}");
            }
            if report.secrets == 0 && self.interface.is_none() {
                eprintln!("kafka-capture: {name}: no TLS secrets in it");
            }
        }
        Ok(())
    }

    /// Adds a fault if there was nothing of Kafka, and nothing else is wrong.
    pub(super) fn expect_kafka(&self, counts: &Counts, faults: &mut Faults<'_>) {
        if faults.is_none() && !counts.has_kafka() {
            faults.add(Failure::NothingKafka(self.hint(counts)));
        }
    }

    /// Why there may be nothing of Kafka, and what to do.
    fn hint(&self, counts: &Counts) -> String {
        let text = if self.port.is_empty() {
            "no connection begins like Kafka; TLS is decoded with --keylog; --port takes a connection for Kafka"
        } else if counts.connections > 0 {
            "what is said on the connections to the ports given is something else"
        } else {
            "there is no connection to the ports given"
        };
        let (cut, packets) = (counts.cut + counts.unreadable, counts.packets);
        if cut == 0 {
            return text.to_owned();
        }
        let were = if cut == 1 { "was" } else { "were" };
        let cut_text = format!(
            "{cut} of {packets} packets {were} cut by the snap length; capture them whole, as tcpdump -s 0 does"
        );
        // A few that were cut are hardly the reason.
        match cut.saturating_mul(10) >= packets {
            true => cut_text,
            false => format!("{text}; {cut_text}"),
        }
    }

    /// Reports that there are messages, of which none passes the filters, and what could be asked for. The exit code stays as it is.
    pub(super) fn expect_matches(&self, counts: &Counts, errors: bool, passed: &Passed) {
        if !counts.has_kafka() || !passed.is_nothing() || !self.has_filters(errors) {
            return;
        }
        let mut text = b"no message passes the filters".to_vec();
        for (kind, values, has_more) in passed.values() {
            text.extend_from_slice(format!("; {kind} in the capture: ").as_bytes());
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.extend_from_slice(b", ");
                }
                let shown: String = value.chars().take(MAX_SHOWN).collect();
                escape_text(&mut text, &shown);
                if shown.len() < value.len() {
                    text.extend_from_slice(b"..");
                }
            }
            if has_more {
                text.extend_from_slice(b", ..");
            }
        }
        let text = String::from_utf8_lossy(&text);
        // Nothing is lost if nobody reads it.
        let _ = writeln!(io::stderr(), "kafka-capture: {text}");
    }
}

/// At most so many characters of a value: what a client calls itself may be of any length.
const MAX_SHOWN: usize = 100;

/// Returns `true` if none of the files is a pipe, which can be read only once. Directories are answered with the way out.
fn are_on_disk(files: &[PathBuf]) -> bool {
    files.iter().all(|file| file.is_file() || file.is_dir())
}
