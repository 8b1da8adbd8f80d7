//! How long requests ask the broker to wait before it answers: the fields of each that say so.

use std::time::Duration;

use crate::messages::{
    AddRaftVoterRequest, AlterPartitionReassignmentsRequest, CreatePartitionsRequest,
    CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest, ElectLeadersRequest,
    FetchRequest, JoinGroupRequest, ListPartitionReassignmentsRequest, ProduceRequest,
    ShareFetchRequest, UpdateFeaturesRequest,
};

use super::client::request::ServerWait;

fn milliseconds(number: i32) -> Duration {
    Duration::from_millis(u64::try_from(number).unwrap_or_default())
}

macro_rules! waits {
    ($($request:ident: $field:ident;)*) => {
        $(impl ServerWait for $request<'_> {
            fn server_wait(&self) -> Duration {
                milliseconds(self.$field)
            }
        })*
    };
}

waits! {
    ProduceRequest: timeout_ms;
    FetchRequest: max_wait_ms;
    ShareFetchRequest: max_wait_ms;
    CreateTopicsRequest: timeout_ms;
    DeleteTopicsRequest: timeout_ms;
    DeleteRecordsRequest: timeout_ms;
    CreatePartitionsRequest: timeout_ms;
    ElectLeadersRequest: timeout_ms;
    AlterPartitionReassignmentsRequest: timeout_ms;
    ListPartitionReassignmentsRequest: timeout_ms;
    UpdateFeaturesRequest: timeout_ms;
    AddRaftVoterRequest: timeout_ms;
}

impl ServerWait for JoinGroupRequest<'_> {
    fn server_wait(&self) -> Duration {
        // Version 0 has no rebalance timeout: the session's counts.
        milliseconds(match self.rebalance_timeout_ms {
            -1 => self.session_timeout_ms,
            set => set,
        })
    }
}
