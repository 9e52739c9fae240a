// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/what_failed.hpp"

#include <tenon/failure.hpp>

#include <new>

#include "chain/abi.hpp"
#include "chain/chain.hpp"
#include "checkpoint/read_error.hpp"
#include "checkpoint/write_error.hpp"

namespace tenon::loop {

namespace {

tenon_status status_of(const checkpoint::WriteError& error) {
  switch (error.reason()) {
    case checkpoint::WriteError::Reason::name_taken:
      return TENON_E_WRONG_STATE;
    case checkpoint::WriteError::Reason::invalid:
      return TENON_E_INVALID_ARGUMENT;
    default:
      return TENON_E_IO;
  }
}

}  // namespace

Failed what_failed() {
  try {
    throw;
  } catch (const checkpoint::WriteError& error) {
    return {status_of(error), error.what()};
  } catch (const checkpoint::ReadError& error) {
    return {TENON_E_IO, error.what()};
  } catch (const chain::AbiError& error) {
    return {error.status(), error.what()};
  } catch (const chain::CallbackError& error) {
    return {error.status(), error.what()};
  } catch (const Failure& error) {
    return {TENON_E_IO, error.what()};
  } catch (const std::bad_alloc&) {
    return {TENON_E_OUT_OF_MEMORY, "out of memory"};
  } catch (const std::exception& error) {
    return {TENON_E_FAILED, error.what()};
  } catch (...) {
    return {TENON_E_EXCEPTION, "something was thrown that says nothing about itself"};
  }
}

}  // namespace tenon::loop
