//! Remote procedure calls between participants, both ways.

use crate::{RpcError, data::DataPlane};
use livekit_rpc::api;
use std::{future::Future, sync::Arc, time::Duration};

pub(crate) async fn perform(
    data: &DataPlane,
    destination: &str,
    method: &str,
    payload: String,
    timeout: Duration,
) -> Result<String, RpcError> {
    if data.shared.closed.is_cancelled() {
        return Err(RpcError {
            code: api::RpcErrorCode::SendFailed as u32,
            message: "the room is closed".into(),
            data: String::new(),
        });
    }
    let call = api::PerformRpcData {
        destination_identity: destination.to_owned(),
        method: method.to_owned(),
        payload,
        response_timeout: timeout,
        ..Default::default()
    };
    data.rpc_client
        .perform_rpc(call, data)
        .await
        .map_err(|error| RpcError {
            code: error.code,
            message: error.message,
            data: error.data.unwrap_or_default(),
        })
}

pub(crate) fn register<F, R>(data: &DataPlane, method: &str, handler: F)
where
    F: Fn(String, String) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, RpcError>> + Send + 'static,
{
    let handler = Arc::new(handler);
    data.rpc_server
        .register_method(method.to_owned(), move |call: api::RpcInvocationData| {
            let answer = handler(call.caller_identity.0, call.payload);
            Box::pin(async move {
                answer.await.map_err(|error| {
                    let data = Some(error.data).filter(|data| !data.is_empty());
                    api::RpcError::new(error.code, error.message, data)
                })
            })
        });
}
