package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link OfflineIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class OfflineOnDynamoIT extends OfflineIT {}
