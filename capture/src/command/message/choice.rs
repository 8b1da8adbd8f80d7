//! Which message it is, by what the command line says and what the header says.

use std::collections::HashMap;

use clap::Args;
use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::schema::{Kind, Schema};
use kafka_codec::{ApiKey, HeaderVersions, ParseApiKeyError, Version};
use serde_json::value::RawValue;

use super::Failure;

#[derive(Args)]
pub(super) struct Choice {
    /// The API, by any of its names or by number
    #[arg(long, value_name = "NAME", value_parser = api)]
    api: Option<ApiKey>,

    /// The version
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i16).range(0..))]
    version: Option<i16>,

    /// A request
    #[arg(long)]
    request: bool,

    /// A response
    #[arg(long, conflicts_with = "request")]
    response: bool,

    /// Any message by its name, which may be a former one, in place of --api: ConsumerGroupMetadataValue
    #[arg(long, value_name = "NAME", conflicts_with_all = ["api", "request", "response", "header"])]
    name: Option<String>,

    /// With its header in front; of a request it says the API and the version
    #[arg(long)]
    header: bool,
}

/// A message or a header, in a version.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) schema: &'static Schema,
    pub(super) version: Version,
}

/// A header, if there is one, and what comes after it.
pub(super) type Split<T> = (Option<(Part, T)>, (Part, T));

pub(super) fn api(name: &str) -> Result<ApiKey, String> {
    name.parse()
        .map_err(|error: ParseApiKeyError| error.to_string())
}

impl Choice {
    /// The messages that `bytes` are.
    pub(super) fn split<'a>(&self, bytes: &'a [u8]) -> Result<Split<&'a [u8]>, Failure> {
        if !self.header {
            return Ok((None, (self.part()?, bytes)));
        }
        // A request says the rest itself.
        if !self.request && !self.response {
            return Err(missing(&[Some("--request or --response")]));
        }
        let (key, version, body) = if self.request {
            let (header, body) = RequestHeader::split(bytes).map_err(not_the_header)?;
            self.check_header(&header)?;
            (header.api_key(), header.version(), body)
        } else {
            let (key, version) = self.api_and_version()?;
            let headers = HeaderVersions::of(key, version);
            let (_, body) = ResponseHeader::split(bytes, headers).map_err(not_the_header)?;
            (key, version, body)
        };
        let (header, _) = bytes.split_at(bytes.len() - body.len());
        let parts = (self.header_of(key, version)?, self.body_of(key, version)?);
        Ok((Some((parts.0, header)), (parts.1, body)))
    }

    /// The JSON of the messages that `json` is, in the order of their bytes.
    pub(super) fn texts<'a>(&self, json: &'a str) -> Result<Vec<(Part, &'a str)>, Failure> {
        if !self.header {
            return Ok(vec![(self.part()?, json)]);
        }
        let (key, version) = self.api_and_version()?;
        let members: HashMap<String, &RawValue> = serde_json::from_str(json)
            .map_err(|error| Failure::Json(format!("expected header and body: {error}")))?;
        let member = |key| {
            let missing = || Failure::Json(format!("`{key}` is missing beside the other"));
            members.get(key).map(|text| text.get()).ok_or_else(missing)
        };
        Ok(vec![
            (self.header_of(key, version)?, member("header")?),
            (self.body_of(key, version)?, member("body")?),
        ])
    }

    fn part(&self) -> Result<Part, Failure> {
        let Some(name) = &self.name else {
            let (key, version) = self.api_and_version()?;
            return self.body_of(key, version);
        };
        let schema = Schema::named(name).map_err(|error| wrong(error.to_string()))?;
        let version = self
            .version
            .map(Version)
            .ok_or_else(|| missing(&[Some("--version")]))?;
        supported(schema, version)
    }

    fn api_and_version(&self) -> Result<(ApiKey, Version), Failure> {
        let api = if self.header {
            "--api"
        } else {
            "--api or --name"
        };
        let kind = (self.request || self.response).then_some(());
        match (self.api, self.version, kind) {
            (Some(key), Some(version), Some(())) => Ok((key, Version(version))),
            (key, version, kind) => Err(missing(&[
                key.is_none().then_some(api),
                version.is_none().then_some("--version"),
                kind.is_none().then_some("--request or --response"),
            ])),
        }
    }

    fn header_of(&self, key: ApiKey, version: Version) -> Result<Part, Failure> {
        let headers = HeaderVersions::of(key, version);
        let (name, version) = if self.request {
            ("RequestHeader", headers.request)
        } else {
            ("ResponseHeader", headers.response)
        };
        let schema = Schema::named(name).map_err(|error| wrong(error.to_string()))?;
        Ok(Part { schema, version })
    }

    fn body_of(&self, key: ApiKey, version: Version) -> Result<Part, Failure> {
        let schema = if self.request {
            Schema::of_request(key)
        } else {
            Schema::of_response(key)
        };
        supported(
            schema.ok_or_else(|| wrong(format!("{key} is not known")))?,
            version,
        )
    }

    /// Refuses a header that says otherwise than the command line.
    fn check_header(&self, header: &RequestHeader<'_>) -> Result<(), Failure> {
        let (key, version) = (header.api_key(), header.version());
        let is_as_said = self.api.is_none_or(|api| api == key)
            && self.version.is_none_or(|said| Version(said) == version);
        if is_as_said {
            Ok(())
        } else {
            Err(Failure::Bytes(format!("the header is of {key} v{version}")))
        }
    }
}

/// The version of a message that `version` is: until Kafka 3.9 that of a coordinator's key was the number of the
/// record's type.
pub(super) fn version_of(schema: &Schema, version: Version) -> Version {
    let is_type = schema.kind() == Kind::CoordinatorKey && schema.api_key() == Some(version.0);
    if is_type && !schema.versions().contains(version) {
        schema.versions().min()
    } else {
        version
    }
}

fn supported(schema: &'static Schema, version: Version) -> Result<Part, Failure> {
    let version = version_of(schema, version);
    let (name, versions) = (schema.name(), schema.versions());
    if versions.contains(version) {
        Ok(Part { schema, version })
    } else {
        Err(wrong(format!(
            "{name} has no version {version}, only {versions}"
        )))
    }
}

fn not_the_header(error: kafka_codec::DecodeError) -> Failure {
    Failure::Bytes(error.to_string())
}

fn wrong(error: String) -> Failure {
    Failure::CommandLine(error)
}

/// Reports all missing options at once.
fn missing(options: &[Option<&str>]) -> Failure {
    let options: Vec<&str> = options.iter().copied().flatten().collect();
    let are = if options.len() == 1 { "is" } else { "are" };
    let options = options.join(", ");
    Failure::CommandLine(format!("{options} {are} missing; --help has examples"))
}
