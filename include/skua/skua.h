/* skua/skua.h - all of skua. */
#ifndef SKUA_SKUA_H
#define SKUA_SKUA_H

#include <skua/auth.h>
#include <skua/client.h>
#include <skua/conn.h>
#include <skua/error.h>
#include <skua/form.h>
#include <skua/multipart.h>
#include <skua/multipart_reader.h>
#include <skua/reply.h>
#include <skua/request.h>
#include <skua/response.h>
#include <skua/server.h>
#include <skua/service.h>
#include <skua/status.h>
#include <skua/stream.h>
#include <skua/tls.h>
#include <skua/types.h>
#include <skua/url.h>

#endif
