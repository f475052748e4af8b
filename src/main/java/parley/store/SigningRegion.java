package parley.store;

import com.amazonaws.SdkClientException;
import com.amazonaws.auth.AWS4Signer;
import com.amazonaws.regions.AwsEnvVarOverrideRegionProvider;
import com.amazonaws.regions.AwsRegionProvider;
import com.amazonaws.regions.AwsRegionProviderChain;
import com.amazonaws.regions.AwsSystemPropertyRegionProvider;
import com.amazonaws.util.AwsHostNameUtils;
import com.amazonaws.util.endpoint.RegionFromEndpointResolver;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The region for which requests to an endpoint are signed.
 *
 * <p>Amazon's own endpoints contain the region. A PrivateLink endpoint ({@code
 * vpce-….dynamodb.REGION.vpce.amazonaws.com}) contains it in a place where the SDK does not look:
 * the SDK would sign for a region {@code vpce}, and every request would be refused. A custom host
 * name contains no region. In the last two cases {@code AWS_REGION} decides.
 */
final class SigningRegion {
  /**
   * The region if neither the endpoint nor {@code AWS_REGION} gives one; a stand-in for DynamoDB
   * accepts any.
   */
  private static final String DEFAULT = "us-east-1";

  private static final String PRIVATE_LINK = ".vpce.amazonaws.com";

  private SigningRegion() {}

  /** The region for a host. */
  static String of(@Nullable String host) {
    String name = host == null ? "" : host.toLowerCase(Locale.ROOT);
    boolean privateLink = name.endsWith(PRIVATE_LINK) || name.endsWith(PRIVATE_LINK + ".cn");
    if (!privateLink && !name.isEmpty()) {
      String said = AwsHostNameUtils.parseRegion(name, "dynamodb");
      if (said != null) {
        return said;
      }
    }
    String set = configuredRegion();
    if (set != null) {
      return set;
    }
    if (privateLink) {
      String before = name.substring(0, name.lastIndexOf(PRIVATE_LINK));
      return before.substring(before.lastIndexOf('.') + 1);
    }
    return DEFAULT;
  }

  /** {@code AWS_REGION}, or its system property. Does not ask the machine's metadata service. */
  private static @Nullable String configuredRegion() {
    AwsRegionProvider said =
        new AwsRegionProviderChain(
            new AwsEnvVarOverrideRegionProvider(), new AwsSystemPropertyRegionProvider());
    try {
      return said.getRegion();
    } catch (SdkClientException e) {
      return null; // neither is set
    }
  }

  /** Signs for the region above. The SDK creates it by its name in the configuration. */
  public static final class Signer extends AWS4Signer {
    /** The name in {@code parley-dynamodb.conf}. */
    static final String NAME = "parley-v4";

    /** Called by the SDK. */
    public Signer() {}

    @Override
    public void setRegionFromEndpointResolver(RegionFromEndpointResolver unused) {
      super.setRegionFromEndpointResolver((host, service) -> of(host));
    }
  }
}
