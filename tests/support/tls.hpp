// A private certificate authority and a server certificate for "localhost", 127.0.0.1 and ::1.
#pragma once

#include <string>

#include "gateway/base/expected.hpp"

namespace omnisonde::testing {

struct TestCertificates {
  std::string ca_file, cert_file, key_file;  ///< PEM
};

/// Makes ca.pem, server.pem and server.key in `folder` (made if missing), or finds those of an
/// earlier call there. Valid for ten years; the keys are for tests only and readable by all.
Expected<TestCertificates> make_test_certificates(const std::string& folder);

}  // namespace omnisonde::testing
