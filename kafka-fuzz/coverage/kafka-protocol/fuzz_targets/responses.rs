//! An API key and a version, two bytes each, then the body of a response.
#![no_main]
#![feature(alloc_error_hook)]

use std::panic::{self, AssertUnwindSafe};

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, ResponseKind};
use libfuzzer_sys::{Corpus, fuzz_target};

#[cfg(feature = "mutator")]
#[link(name = "kafka_fuzz_c")]
unsafe extern "C" {
    fn kafka_fuzz_set_shape(shape: *const std::ffi::c_char) -> std::ffi::c_int;
}

/// Allocations that fail become panics, and are passed over: they are known, and would end every run.
fn init() {
    std::alloc::set_alloc_error_hook(|layout| panic!("no room for {} bytes", layout.size()));
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("no room for") {
            report(info);
        }
    }));
    #[cfg(feature = "mutator")]
    // SAFETY: the text ends with a NUL.
    assert_eq!(unsafe { kafka_fuzz_set_shape(c"response key-version".as_ptr()) }, 0);
}

fuzz_target!(init: init(), |input: &[u8]| -> Corpus { parse(input) });

fn parse(input: &[u8]) -> Corpus {
    let Some((prefix, body)) = input.split_first_chunk::<4>() else {
        return Corpus::Reject;
    };
    let key = i16::from_be_bytes([prefix[0], prefix[1]]);
    let version = i16::from_be_bytes([prefix[2], prefix[3]]);
    let Ok(key) = ApiKey::try_from(key) else {
        return Corpus::Reject;
    };
    let versions = key.valid_versions();
    if version < versions.min || version > versions.max {
        return Corpus::Reject;
    }
    let _ = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = Bytes::copy_from_slice(body);
        if let Ok(message) = ResponseKind::decode(key, &mut bytes, version) {
            let _ = message.encode(&mut BytesMut::new(), version);
        }
    }));
    Corpus::Keep
}
