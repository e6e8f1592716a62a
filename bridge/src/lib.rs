//! One WebSocket in, one room participant out.
