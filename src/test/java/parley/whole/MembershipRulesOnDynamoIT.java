package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** Who sees what of a group, where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class MembershipRulesOnDynamoIT extends MembershipRulesIT {}
