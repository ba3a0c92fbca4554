#include "tests/support/tls.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace omnisonde::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void add_extension(X509* cert, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) return;
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate new_certificate(const char* name, EVP_PKEY* key, long serial) {
  constexpr long kTenYears_s = 10L * 365 * 86'400;
  Certificate cert(X509_new(), &X509_free);
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), kTenYears_s);
  X509_set_pubkey(cert.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return cert;
}

bool write_certificate(const std::string& file, X509* cert) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  if (out == nullptr) return false;
  const bool ok = PEM_write_X509(out, cert) == 1;
  return std::fclose(out) == 0 && ok;
}

bool write_key(const std::string& file, EVP_PKEY* key) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  if (out == nullptr) return false;
  const bool ok = PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  return std::fclose(out) == 0 && ok;
}

}  // namespace

Expected<TestCertificates> make_test_certificates(const std::string& folder) {
  namespace fs = std::filesystem;
  const TestCertificates files{folder + "/ca.pem", folder + "/server.pem", folder + "/server.key"};
  if (fs::exists(files.ca_file) && fs::exists(files.cert_file) && fs::exists(files.key_file)) {
    return files;
  }
  std::error_code ec;
  fs::create_directories(folder, ec);
  const Key ca_key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  if (!ca_key || !key) return Error{"OpenSSL makes no keys", ""};
  // A name and serial of its own per authority: clients mix up equal ones.
  const long serial = static_cast<long>(std::filesystem::hash_value(folder) >> 2);
  const std::string name = "omnisonde test authority " + std::to_string(serial);
  const Certificate ca = new_certificate(name.c_str(), ca_key.get(), serial);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(ca.get(), ca_key.get(), EVP_sha256());

  const Certificate cert = new_certificate("localhost", key.get(), serial + 1);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(ca.get()));
  add_extension(cert.get(), ca.get(), NID_basic_constraints, "CA:FALSE");
  add_extension(cert.get(), ca.get(), NID_subject_alt_name,
                "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1");
  X509_sign(cert.get(), ca_key.get(), EVP_sha256());
  if (!write_key(files.key_file, key.get()) || !write_certificate(files.cert_file, cert.get()) ||
      !write_certificate(files.ca_file, ca.get())) {
    return Error{"cannot write certificates to " + folder, "check the folder"};
  }
  return files;
}

}  // namespace omnisonde::testing
