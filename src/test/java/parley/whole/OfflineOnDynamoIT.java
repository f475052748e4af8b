package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** Who was away, where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class OfflineOnDynamoIT extends OfflineIT {}
