// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* tenon/draft/records.h - a callback's own texts, histograms, images and tables, for whoever has on_record. */
#ifndef TENON_DRAFT_RECORDS_H
#define TENON_DRAFT_RECORDS_H

#include "../hooks.h"
#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TENON_SERVICE_RECORDS "tenon.records/1"

typedef struct tenon_records {
  uint32_t struct_size;
  uint32_t reserved;
  /* 1 when any callback listens to records of this TENON_RECORD_* kind, so that they need not be made for nobody.
   * [loop-thread] */
  int32_t(TENON_CALL* wanted)(const tenon_host* host, int32_t kind);
  /* Sends one record to every on_record, in the chain's order, after the hook that is running; `progress` of `record`
   * is ignored. Name, data and tensor are copied. TENON_E_INVALID_ARGUMENT: neither data nor tensor, or both.
   * [loop-thread] */
  tenon_status(TENON_CALL* emit)(const tenon_host* host, const tenon_record_args* record, tenon_error* error);
} tenon_records;

#ifdef __cplusplus
}
#endif
#endif
