// The part of the libsrtp 3 API that the media worker uses, on top of libsrtp 2.
//
// Three things differ:
// - a policy is an opaque object made by calls, where libsrtp 2 has a struct that callers fill;
// - protect and unprotect take separate input and output buffers with their sizes, where libsrtp 2
//   works in place and trusts the caller to have left room for the trailer;
// - srtp_remove_stream is called srtp_stream_remove, and two error codes are new.
#pragma once

// libsrtp 3's srtp_policy_t is another type: keep libsrtp 2's under a name of its own.
#define srtp_policy_t srtp2_policy_t
#include <srtp2/srtp.h>
#undef srtp_policy_t

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

// Codes of libsrtp 3 that libsrtp 2 never returns; the worker has names for them.
static const srtp_err_status_t srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
static const srtp_err_status_t srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

namespace srtp3
{
	struct Policy
	{
		srtp2_policy_t policy{};
		// Master key and salt in one piece, as libsrtp 2 wants them. It copies what it needs out of
		// here in srtp_create, so the policy may be destroyed after that.
		unsigned char key[SRTP_MAX_KEY_LEN]{};
	};

	// What protect may append: the authentication tag, and SRTCP's index of 4 bytes. No MKI, since
	// srtp_policy_add_key refuses one.
	static constexpr size_t RtpTrailerLen{ SRTP_MAX_TAG_LEN };
	static constexpr size_t RtcpTrailerLen{ SRTP_MAX_TAG_LEN + 4 };

	// Runs an in-place libsrtp 2 operation on a copy of the input in the output buffer.
	template<typename Operation>
	inline srtp_err_status_t InPlace(
	  Operation operation,
	  srtp_t session,
	  const uint8_t* in,
	  size_t inLen,
	  uint8_t* out,
	  size_t* outLen,
	  size_t trailerLen)
	{
		if (*outLen < inLen + trailerLen)
		{
			return srtp_err_status_buffer_small;
		}

		if (in != out)
		{
			std::memmove(out, in, inLen);
		}

		int len{ static_cast<int>(inLen) };
		const srtp_err_status_t status = operation(session, static_cast<void*>(out), &len);

		*outLen = static_cast<size_t>(len);

		return status;
	}
} // namespace srtp3

using srtp_policy_t = srtp3::Policy*;

/* Policy. */

inline srtp_err_status_t srtp_policy_create(srtp_policy_t* policy)
{
	*policy = new (std::nothrow) srtp3::Policy();

	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}

inline void srtp_policy_destroy(srtp_policy_t policy)
{
	delete policy;
}

inline srtp_err_status_t srtp_policy_set_ssrc(srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->policy.ssrc = ssrc;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_profile(srtp_policy_t policy, srtp_profile_t profile)
{
	const srtp_err_status_t status =
	  srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

	// For AES_CM_128_HMAC_SHA1_32 this gives RTCP the long tag, as RFC 5764 (4.1.2) demands.
	return status == srtp_err_status_ok
	         ? srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile)
	         : status;
}

inline srtp_err_status_t srtp_policy_add_key(
  srtp_policy_t policy,
  const uint8_t* key,
  size_t keyLen,
  const uint8_t* salt,
  size_t saltLen,
  const uint8_t* /*mki*/,
  size_t mkiLen)
{
	if (mkiLen != 0 || keyLen + saltLen > sizeof(policy->key))
	{
		return srtp_err_status_bad_param;
	}

	std::memcpy(policy->key, key, keyLen);
	std::memcpy(policy->key + keyLen, salt, saltLen);
	policy->policy.key = policy->key;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_allow_repeat_tx(srtp_policy_t policy, bool allow)
{
	policy->policy.allow_repeat_tx = allow ? 1 : 0;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_window_size(srtp_policy_t policy, size_t windowSize)
{
	policy->policy.window_size = windowSize;

	return srtp_err_status_ok;
}

/* Session. */

inline srtp_err_status_t srtp_create(srtp_t* session, srtp_policy_t policy)
{
	return srtp_create(session, static_cast<const srtp2_policy_t*>(&policy->policy));
}

inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

inline srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
{
	const auto operation = [](srtp_t s, void* packet, int* len) { return srtp_protect(s, packet, len); };

	return srtp3::InPlace(operation, session, in, inLen, out, outLen, srtp3::RtpTrailerLen);
}

inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
{
	const auto operation = [](srtp_t s, void* packet, int* len)
	{ return srtp_protect_rtcp(s, packet, len); };

	return srtp3::InPlace(operation, session, in, inLen, out, outLen, srtp3::RtcpTrailerLen);
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	const auto operation = [](srtp_t s, void* packet, int* len)
	{ return srtp_unprotect(s, packet, len); };

	return srtp3::InPlace(operation, session, in, inLen, out, outLen, /*trailerLen*/ 0);
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	const auto operation = [](srtp_t s, void* packet, int* len)
	{ return srtp_unprotect_rtcp(s, packet, len); };

	return srtp3::InPlace(operation, session, in, inLen, out, outLen, /*trailerLen*/ 0);
}
