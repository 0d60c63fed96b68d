//! The host's side of the contract. `host` is the state of a FakeHost.

use super::rules::why_wrong;
use super::said::{read_reply, socket_of, take_socket};
use super::submit;
use super::State;
use crate::abi::{self, postern_host, postern_str};
use crate::text::{lent, lent_list, record_at, view};
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) unsafe fn state_of<'a>(host: *mut postern_host) -> MutexGuard<'a, State> {
    (*host.cast::<Mutex<State>>()).lock().unwrap_or_else(PoisonError::into_inner)
}
pub(super) unsafe extern "C" fn get(host: *mut postern_host, id: *const c_char) -> *const c_void {
    static CORE: abi::postern_core_1 = abi::postern_core_1 { subscribe, reply, set_cookie, wake, log };
    static CONFIG: abi::postern_config_1 = abi::postern_config_1 { options, refuse };
    static BLOB: abi::postern_blob_1 = abi::postern_blob_1 { size, read };
    static EHLO: abi::postern_ehlo_1 = abi::postern_ehlo_1 { keyword, verb, param };
    let id = CStr::from_ptr(id).to_bytes();
    if state_of(host).absent.iter().any(|one| one.as_bytes() == id) {
        return std::ptr::null();
    }
    match id {
        b"postern.core/1" => (&CORE as *const abi::postern_core_1).cast(),
        b"postern.config/1" => (&CONFIG as *const abi::postern_config_1).cast(),
        b"postern.blob/1" => (&BLOB as *const abi::postern_blob_1).cast(),
        b"postern.submit/1" => (&submit::TABLE as *const abi::postern_submit_1).cast(),
        b"postern.ehlo/1" => (&EHLO as *const abi::postern_ehlo_1).cast(),
        _ => std::ptr::null(),
    }
}
unsafe extern "C" fn subscribe(host: *mut postern_host, hook: u32, _flags: u32) -> i32 {
    let mut state = state_of(host);
    if !state.is_creating {
        state.complaints.push(format!("hook {hook}: a subscription outside of create"));
        return abi::E_DENIED;
    }
    state.subscribed.push(hook);
    abi::PASS
}
unsafe extern "C" fn reply(host: *mut postern_host, ticket: u64, reply: *const abi::postern_reply) -> i32 {
    let mut state = state_of(host);
    let asked = match state.open.iter().position(|one| one.0 == ticket) {
        Some(at) => state.open.remove(at).1,
        None => return abi::E_STALE,
    };
    let mut said = read_reply(asked.hook, reply);
    let socket = socket_of(asked.hook, reply);
    match why_wrong(&asked, &said, socket) {
        None => {
            // From here on it is the host's: a refused one stays the plugin's.
            said.socket = socket.map(|number| take_socket(number));
            state.answers.push((ticket, said));
            abi::PASS
        }
        Some(why) => {
            state.complaints.push(format!("hook {}: {why}", asked.hook));
            abi::E_INVALID
        }
    }
}
unsafe extern "C" fn set_cookie(host: *mut postern_host, session: u64, cookie: u64) -> i32 {
    state_of(host).cookies.push((session, cookie));
    abi::PASS
}
unsafe extern "C" fn wake(host: *mut postern_host, session: u64, token: u64, delay_ns: u64) -> i32 {
    state_of(host).wakes.push((session, token, delay_ns));
    abi::PASS
}
unsafe extern "C" fn log(host: *mut postern_host, level: u32, text: postern_str) {
    let text = view(text).to_text();
    state_of(host).log.push((level, text));
}
/// Records that point into the state, which nobody changes while the plugin is being created.
unsafe extern "C" fn options(host: *mut postern_host) -> abi::postern_list {
    thread_local! { static RECORDS: std::cell::RefCell<Vec<abi::postern_option>> = const_vec(); }
    let state = state_of(host);
    RECORDS.with(|records| {
        let mut records = records.borrow_mut();
        *records = state
            .options
            .iter()
            .map(|one| abi::postern_option {
                key: lent(&one.key),
                name: lent(&one.name),
                text: lent(&one.text),
                number: one.number,
                kind: one.kind,
                index: one.index,
            })
            .collect();
        lent_list(&records)
    })
}
fn const_vec<T>() -> std::cell::RefCell<Vec<T>> {
    std::cell::RefCell::new(Vec::new())
}
unsafe extern "C" fn refuse(host: *mut postern_host, key: postern_str, text: postern_str) {
    let why = (view(key).to_text(), view(text).to_text());
    state_of(host).refusals.push(why);
}
unsafe extern "C" fn size(host: *mut postern_host, blob: u64) -> i64 {
    let state = state_of(host);
    if state.open.iter().any(|one| one.0 == blob) {
        state.blob.len() as i64
    } else {
        i64::from(abi::E_STALE)
    }
}
unsafe extern "C" fn read(host: *mut postern_host, blob: u64, offset: u64, to: *mut c_char, len: usize) -> i64 {
    let state = state_of(host);
    if !state.open.iter().any(|one| one.0 == blob) {
        return i64::from(abi::E_STALE);
    }
    let rest = state.blob.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or(&[]);
    let count = rest.len().min(len);
    std::ptr::copy_nonoverlapping(rest.as_ptr(), to.cast::<u8>(), count);
    count as i64
}
unsafe fn declare(host: *mut postern_host, what: String) -> i32 {
    let mut state = state_of(host);
    if !state.is_creating {
        state.complaints.push(format!("{what}: a declaration outside of create"));
        return abi::E_DENIED;
    }
    state.declared.push(what);
    abi::PASS
}
unsafe extern "C" fn keyword(host: *mut postern_host, what: *const abi::postern_keyword) -> i32 {
    let of: abi::postern_keyword = record_at(what.cast(), (*what).size as usize);
    declare(host, format!("keyword {} {}", view(of.keyword), view(of.parameters)).trim_end().to_owned())
}
unsafe extern "C" fn verb(host: *mut postern_host, what: *const abi::postern_verb) -> i32 {
    let of: abi::postern_verb = record_at(what.cast(), (*what).size as usize);
    if of.most_octets != 0 {
        state_of(host).most_octets.push((view(of.name).to_text(), of.most_octets));
    }
    declare(host, format!("verb {}", view(of.name)))
}
unsafe extern "C" fn param(host: *mut postern_host, what: *const abi::postern_param_kind) -> i32 {
    let of: abi::postern_param_kind = record_at(what.cast(), (*what).size as usize);
    declare(host, format!("parameter {}", view(of.name)))
}
